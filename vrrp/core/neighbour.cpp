#include "vrrp/core/neighbour.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace holdfast::vrrp {
namespace {

Bytes bytes_of(const MacAddress& mac) { return std::as_bytes(std::span{mac}); }

/// @pre bytes.size() == 6
MacAddress mac_of(Bytes bytes) {
  MacAddress mac{};
  std::ranges::copy(bytes, std::as_writable_bytes(std::span{mac}).begin());
  return mac;
}

constexpr std::uint8_t advertisement_type = 136;  // RFC 4861 4.4
constexpr std::uint8_t target_link_layer = 2;     // RFC 4861 4.6.1

}  // namespace

std::vector<std::byte> gratuitous_arp(const MacAddress& mac, const IpAddress& address) {
  // @source RFC 826: Ethernet, IPv4, lengths of their addresses, request
  constexpr std::uint16_t ethernet = 1, ipv4 = 0x0800, request = 1;
  ByteWriter out;
  out.u16(ethernet);
  out.u16(ipv4);
  out.u8(static_cast<std::uint8_t>(mac.size()));
  out.u8(4);
  out.u16(request);
  out.append(bytes_of(mac));
  out.append(address.bytes());
  out.append(bytes_of(broadcast_mac));
  out.append(address.bytes());
  return out.take();
}

std::vector<std::byte> unsolicited_advertisement(const MacAddress& mac, const IpAddress& address,
                                                 bool router) {
  constexpr std::uint8_t icmp6 = 58, hop_limit = 255;               // RFC 4861 4.4
  constexpr std::uint8_t router_flag = 0x80, override_flag = 0x20;  // RFC 4861 4.4
  constexpr std::uint8_t option_units = 1;                          // RFC 4861 4.6.1
  static const IpAddress all_nodes = *IpAddress::parse("ff02::1");  // RFC 4291 2.7.1
  ByteWriter body;
  body.u8(advertisement_type);
  body.u8(0);
  body.u16(0);
  body.u8(router ? router_flag | override_flag : override_flag);
  body.u8(0);
  body.u16(0);
  body.append(address.bytes());
  body.u8(target_link_layer);
  body.u8(option_units);
  body.append(bytes_of(mac));
  const auto size = static_cast<std::uint16_t>(body.bytes().size());
  body.patch_u16(2, internet_checksum(internet_sum(body.bytes()) + internet_sum(address.bytes()) +
                                      internet_sum(all_nodes.bytes()) + size + icmp6));
  ByteWriter packet;
  packet.u32(std::uint32_t{6} << 28);  // version; no traffic class, no flow label
  packet.u16(size);
  packet.u8(icmp6);
  packet.u8(hop_limit);
  packet.append(address.bytes());
  packet.append(all_nodes.bytes());
  packet.append(body.bytes());
  return packet.take();
}

std::optional<AddressClaim> claim_in_arp(Bytes message) {
  // @source RFC 826: Ethernet, IPv4, lengths of their addresses, request or reply
  constexpr std::uint16_t ethernet = 1, ipv4 = 0x0800, request = 1, reply = 2;
  ByteReader in{message};
  const bool fits = in.u16() == ethernet && in.u16() == ipv4 && in.u8() == 6 && in.u8() == 4;
  const std::uint16_t operation = in.u16();
  const Bytes mac = in.take(6);
  const auto address = IpAddress::from_bytes(in.take(4));
  if (!in.good() || !fits || (operation != request && operation != reply) || !address ||
      address->is_unspecified())
    return std::nullopt;
  return AddressClaim{*address, mac_of(mac)};
}

std::optional<AddressClaim> claim_in_advertisement(Bytes message) {
  constexpr std::size_t before_target = 7;  // code, checksum, flags
  ByteReader in{message};
  const bool fits = in.u8() == advertisement_type;
  in.take(before_target);
  const auto target = IpAddress::from_bytes(in.take(16));
  if (!in.good() || !fits || !target) return std::nullopt;
  while (in.good() && !in.rest().empty()) {
    const std::uint8_t type = in.u8();
    const std::size_t size = in.u8() * std::size_t{8};
    const Bytes body = in.take(size < 2 ? message.size() : size - 2);  // 4.6: 0 ends the message
    if (in.good() && type == target_link_layer && body.size() == 6)
      return AddressClaim{*target, mac_of(body)};
  }
  return std::nullopt;
}

std::string to_string(const MacAddress& mac) { return fmt::format("{:02x}", fmt::join(mac, ":")); }

}  // namespace holdfast::vrrp
