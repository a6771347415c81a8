#include "vrrp/core/ah.h"

#include <algorithm>
#include <limits>

#include "vrrp/core/keyed_hash.h"

namespace holdfast::vrrp {
namespace {

// @source RFC 791 3.1
constexpr std::size_t ip_header_size = 20;
constexpr std::size_t service_at = 1, fragment_at = 6, ttl_at = 8, checksum_at = 10;
/// @source RFC 791: internetwork control, as the kernel sets it for other adverts
constexpr std::uint8_t type_of_service = 0xc0;
// @source RFC 2402 2
constexpr std::size_t check_value_at = 12;
constexpr std::uint8_t length_in_words = ah_size / 4 - 2;

/// RFC 2402 3.3.3.1.1: what routers on the way may change counts as zero. keepalived's adverts to a
/// group keep their TTL: no router forwards them.
std::vector<std::byte> without_mutable_fields(Bytes header, bool to_group) {
  std::vector<std::byte> fixed{header.begin(), header.end()};
  fixed[service_at] = std::byte{0};
  fixed[fragment_at] = fixed[fragment_at + 1] = std::byte{0};
  fixed[checksum_at] = fixed[checksum_at + 1] = std::byte{0};
  if (!to_group) fixed[ttl_at] = std::byte{0};
  return fixed;
}

Md5Tag check_value(Bytes ip_header, bool to_group, Bytes ah, Bytes message,
                   std::string_view password) {
  constexpr Md5Tag zero{};
  return hmac_md5_96(password, {without_mutable_fields(ip_header, to_group),
                                ah.first(check_value_at), zero, message});
}

std::vector<std::byte> ip_header(const AhOrder& order, std::size_t payload) {
  constexpr std::uint8_t version_4_of_5_words = 0x45;
  ByteWriter out;
  out.u8(version_4_of_5_words);
  out.u8(type_of_service);
  out.u16(static_cast<std::uint16_t>(ip_header_size + payload));
  out.u16(order.identification);
  out.u16(0);
  out.u8(order.ttl);
  out.u8(ah_protocol);
  out.u16(0);
  out.append(order.source.bytes());
  out.append(order.destination.bytes());
  out.patch_u16(checksum_at, internet_checksum(internet_sum(out.bytes())));
  return out.take();
}

}  // namespace

std::vector<std::byte> seal_ah(Bytes message, const AhOrder& order, std::string_view password) {
  ByteWriter ah;
  ah.u8(protocol_number);
  ah.u8(length_in_words);
  ah.u16(0);
  ah.append(order.source.bytes());  // keepalived: the source is the security parameters index
  ah.u32(order.sequence);
  const auto header = ip_header(order, ah_size + message.size());
  const Md5Tag tag =
      check_value(header, order.destination.is_multicast(), ah.bytes(), message, password);
  ByteWriter packet;
  packet.append(header);
  packet.append(ah.bytes());
  packet.append(tag);
  packet.append(message);
  return packet.take();
}

std::optional<std::uint32_t> AhSequence::next() {
  if (last_ == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return ++last_;
}

bool AhSequence::accept(std::uint32_t received) {
  if (received <= last_) return false;
  last_ = received;
  return true;
}

tl::expected<Bytes, Discard> open_ah(Bytes packet, const Arrival& arrival,
                                     std::string_view password, AhSequence& sequence) {
  if (packet.size() < ah_size || arrival.ip_header.size() < ip_header_size)
    return tl::make_unexpected(Discard::truncated);
  ByteReader in{packet};
  const bool is_ours = in.u8() == protocol_number && in.u8() == length_in_words;
  (void)in.u16();
  const Bytes index = in.take(4);
  const std::uint32_t number = in.u32();
  const Bytes tag = in.take(ah_size - check_value_at);
  if (!is_ours || !std::ranges::equal(index, arrival.source.bytes()))
    return tl::make_unexpected(Discard::auth_failure);
  const Md5Tag expected = check_value(arrival.ip_header, arrival.destination.is_multicast(), packet,
                                      in.rest(), password);
  if (!equal_in_constant_time(tag, expected)) return tl::make_unexpected(Discard::auth_failure);
  if (!sequence.accept(number)) return tl::make_unexpected(Discard::replay);
  return in.rest();
}

}  // namespace holdfast::vrrp
