// What tells a link who has an address now: gratuitous ARP (RFC 5227 3) and unsolicited neighbour
// advertisements (RFC 4861 7.2.6), as bytes. The adapter (vrrp/linux/announcer.h) sends them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/bytes.h"
#include "daemon/base/ip.h"

namespace holdfast::vrrp {

using MacAddress = std::array<std::uint8_t, 6>;

/// @source RFC 894
inline constexpr MacAddress broadcast_mac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
/// Where frames for ff02::1 go. @source RFC 2464 7
inline constexpr MacAddress all_nodes_mac{0x33, 0x33, 0, 0, 0, 1};

/// An ARP request whose sender and target are the address; keepalived's form has the target
/// hardware address broadcast as well. @pre address.is_v4()
std::vector<std::byte> gratuitous_arp(const MacAddress& mac, const IpAddress& address);

/// A whole IPv6 packet from the address to ff02::1: override set, solicited clear, with the target
/// link-layer option (RFC 9568 6.4.1). @pre address.is_v6()
/// @param router sets the R flag: this host forwards (RFC 4861 4.4)
std::vector<std::byte> unsolicited_advertisement(const MacAddress& mac, const IpAddress& address,
                                                 bool router);

/// Somebody says that a hardware address has an address.
struct AddressClaim {
  IpAddress address;
  MacAddress mac{};
  bool operator==(const AddressClaim&) const = default;
};
/// The sender of an ARP message for Ethernet and IPv4, request or reply; nothing for another one,
/// and for a probe, which claims nothing (RFC 5227 1.1).
std::optional<AddressClaim> claim_in_arp(Bytes message);
/// The target of a neighbour advertisement with a link-layer address (RFC 4861 4.4); nothing for
/// another message. @param message from the ICMPv6 header on
std::optional<AddressClaim> claim_in_advertisement(Bytes message);

/// "00:00:5e:00:01:33"
std::string to_string(const MacAddress& mac);

}  // namespace holdfast::vrrp
