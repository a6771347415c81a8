#include "vrrp/linux/ip_packet.h"

namespace holdfast::vrrp {
namespace {

// @source RFC 791 3.1
constexpr std::size_t smallest_header = 20;
constexpr std::size_t total_length_at = 2, ttl_at = 8, source_at = 12, destination_at = 16;
constexpr std::size_t address_size = 4;

}  // namespace

std::optional<IpPacket> split_ip_packet(Bytes packet) {
  if (packet.size() < smallest_header) return std::nullopt;
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(packet[i]); };
  const std::size_t header = (byte(0) & 0xf) * 4U;
  const std::size_t total = byte(total_length_at) << 8 | byte(total_length_at + 1);
  const bool is_whole =
      byte(0) >> 4 == 4 && header >= smallest_header && total >= header && total <= packet.size();
  if (!is_whole) return std::nullopt;
  IpPacket split;
  split.arrival.ttl = static_cast<std::uint8_t>(byte(ttl_at));
  split.arrival.source = *IpAddress::from_bytes(packet.subspan(source_at, address_size));
  split.arrival.destination = *IpAddress::from_bytes(packet.subspan(destination_at, address_size));
  split.arrival.ip_header = packet.first(header);
  split.message = packet.subspan(header, total - header);
  return split;
}

}  // namespace holdfast::vrrp
