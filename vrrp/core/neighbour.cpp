#include "vrrp/core/neighbour.h"

#include "daemon/base/bytes.h"

namespace holdfast::vrrp {
namespace {

Bytes bytes_of(const MacAddress& mac) { return std::as_bytes(std::span{mac}); }

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
  constexpr std::uint8_t advertisement = 136;                       // RFC 4861 4.4
  constexpr std::uint8_t router_flag = 0x80, override_flag = 0x20;  // RFC 4861 4.4
  constexpr std::uint8_t target_link_layer = 2, option_units = 1;   // RFC 4861 4.6.1
  static const IpAddress all_nodes = *IpAddress::parse("ff02::1");  // RFC 4291 2.7.1
  ByteWriter body;
  body.u8(advertisement);
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

}  // namespace holdfast::vrrp
