// Adverts of one interface: one receive socket, filtered in the kernel by VRID and drained with
// recvmmsg, and one send socket.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "daemon/base/bytes.h"
#include "daemon/base/fd.h"
#include "daemon/base/ip.h"
#include "daemon/base/result.h"
#include "vrrp/core/packet.h"

namespace holdfast::vrrp {

class AdvertSocket {
 public:
  /// @param interface name and index; @param group the multicast group of adverts. Needs
  /// CAP_NET_RAW.
  static Result<AdvertSocket> open(const std::string& interface, std::uint32_t index,
                                   const IpAddress& group);

  /// Lets only these VRIDs through. Without a filter (`everything`) unknown ones can be logged.
  Result<void> accept(const std::set<std::uint8_t>& vrids, bool everything);

  using Handler = std::function<void(Bytes message, const Arrival& arrival)>;
  /// Most packets of one drain(): usually, and before a deadline is believed.
  static constexpr std::size_t some = 256, all = 16'384;
  /// Hands over what waits, `most` packets at most; never blocks.
  void drain(const Handler& handler, std::size_t most = some);
  /// @param source primary address of the interface
  Result<void> send(Bytes message, const IpAddress& source);
  /// Readable when drain() has something.
  [[nodiscard]] int descriptor() const { return receive_.get(); }

 private:
  AdvertSocket(Fd receive, Fd send, std::uint32_t index, IpAddress group)
      : receive_{std::move(receive)}, send_{std::move(send)}, index_{index}, group_{group} {}
  Fd receive_, send_;
  std::uint32_t index_;
  IpAddress group_;
};

}  // namespace holdfast::vrrp
