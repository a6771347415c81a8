// What a raw socket hands over: an IPv4 header, then the VRRP message.
#pragma once

#include <optional>

#include "daemon/base/bytes.h"
#include "vrrp/core/packet.h"

namespace holdfast::vrrp {

struct IpPacket {
  Bytes message;  ///< part of the packet that was split
  Arrival arrival;
};

/// Nothing for what is not a whole IPv4 packet; bytes behind its total length are cut off.
std::optional<IpPacket> split_ip_packet(Bytes packet);

}  // namespace holdfast::vrrp
