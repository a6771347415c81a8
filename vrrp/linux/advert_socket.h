// Adverts of one interface and family: one receive socket, filtered in the kernel by VRID and
// drained with recvmmsg, and one send socket.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "daemon/base/bytes.h"
#include "daemon/base/fd.h"
#include "daemon/base/ip.h"
#include "daemon/base/result.h"
#include "vrrp/core/neighbour.h"
#include "vrrp/core/packet.h"

namespace holdfast::vrrp {

/// What stands between the IP header and the advert.
enum class Carrier : std::uint8_t {
  plain,          ///< nothing
  authentication  ///< auth_type AH: IPv4 packets are written and read with their header
};

class AdvertSocket {
 public:
  /// @param interface name and index of an interface or VRF; empty and 0: all interfaces, for
  /// unicast. Needs CAP_NET_RAW.
  static Result<AdvertSocket> open(const std::string& interface, std::uint32_t index, Family family,
                                   Carrier carrier);

  /// Joins what is new and leaves what is missing.
  Result<void> join(const std::set<IpAddress>& groups);
  /// What is let through.
  struct Filter {
    std::set<std::uint8_t> vrids;
    bool everything = false;           ///< other VRIDs as well, so that they can be logged
    std::optional<MacAddress> from{};  ///< only frames of this source
    /// Flooded: of these senders all, of others one packet in FloodGuard::sample.
    std::optional<std::set<IpAddress>> known{};
    bool operator==(const Filter&) const = default;
  };
  Result<void> accept(const Filter& filter);

  /// Some thousand adverts: a neighbour that floods must not crowd the others out at once.
  static constexpr std::uint32_t usual_buffer = 1 << 20;
  /// Room for packets that wait; the kernel's limit holds where we may not exceed it.
  void set_receive_buffer(std::uint32_t bytes);

  using Handler = std::function<void(Bytes message, const Arrival& arrival)>;
  /// Most packets of one drain(): usually, and before a deadline is believed.
  static constexpr std::size_t some = 256, all = 16'384;
  /// Hands over what waits, `most` packets at most; never blocks.
  void drain(const Handler& handler, std::size_t most = some);

  struct Target {
    IpAddress source, destination;
    std::uint8_t ttl = required_ttl;  ///< 1..255, or hop limit
  };
  /// @param message an advert; with Carrier::authentication a whole IPv4 packet
  Result<void> send(Bytes message, const Target& target);
  /// Readable when drain() has something.
  [[nodiscard]] int descriptor() const { return receive_.get(); }

 private:
  AdvertSocket(Fd receive, Fd send, std::uint32_t index, Family family, Carrier carrier)
      : receive_{std::move(receive)},
        send_{std::move(send)},
        index_{index},
        family_{family},
        carrier_{carrier} {}
  Result<void> change_membership(const IpAddress& group, bool join);

  Fd receive_, send_;
  std::uint32_t index_;
  Family family_;
  Carrier carrier_;
  std::set<IpAddress> groups_;  ///< joined
};

}  // namespace holdfast::vrrp
