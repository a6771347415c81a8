// bfd_instance: one BFD session (RFC 5880), which VRRP and checkers may follow.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/schema.h"

namespace holdfast::config {

struct BfdInstance {
  Place place;  ///< of the block
  std::string name;
  std::optional<IpAddress> neighbor;                   ///< always set after read_bfd()
  std::optional<IpAddress> source;                     ///< default: the kernel's choice
  Duration min_rx = std::chrono::milliseconds{10};     ///< shortest interval that we accept
  Duration min_tx = std::chrono::milliseconds{10};     ///< shortest interval that we send at
  Duration idle_tx = std::chrono::milliseconds{1000};  ///< interval while not up
  std::uint8_t multiplier = 5;                         ///< packets missed before it is down
  bool passive = false;                                ///< the peer begins
  std::optional<std::uint8_t> ttl;                     ///< default 255 (IPv4) or 64 (IPv6)
  std::int16_t max_hops = 0;  ///< that a packet may have passed; -1..255, 255: any
  bool multihop = false;      ///< RFC 5883: port 4784
  std::int16_t weight = 0;    ///< -253..253, for track_bfd
  bool reverse = false;       ///< the weight counts while it is up, not down
  bool for_vrrp = false, for_checkers = false;  ///< who follows it; both when neither is named
  bool operator==(const BfdInstance&) const = default;
};

/// Reads the bfd_instance blocks; one that cannot be used is reported and left out.
std::vector<BfdInstance> read_bfd(std::span<const Statement> tree, Reader& reader);
/// The keywords of the block.
std::vector<KeywordInfo> describe_bfd();

}  // namespace holdfast::config
