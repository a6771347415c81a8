#include "vrrp/core/packet.h"

#include <algorithm>
#include <array>

#include "daemon/base/assert.h"

namespace holdfast::vrrp {
namespace {

constexpr std::size_t header_size = 8;          // RFC 9568 5.2: up to and with the checksum
constexpr std::size_t checksum_at = 6;          // RFC 9568 5.2.8
constexpr std::uint8_t type_advertisement = 1;  // RFC 9568 5.2.2
constexpr auto v3_unit = std::chrono::milliseconds{10};
constexpr unsigned v3_max_interval = 4095;  // RFC 9568 5.2.7: 12 bits

/// RFC 8200 8.1 for IPv6; the IPv4 form is the one of RFC 793, as keepalived uses it.
std::uint32_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::size_t length) {
  return internet_sum(source.bytes()) + internet_sum(destination.bytes()) + protocol_number +
         static_cast<std::uint32_t>(length);
}

std::uint8_t wire_seconds(Duration interval) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(interval).count();
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(seconds, 1, 255));
}

std::uint16_t wire_centiseconds(Duration interval) {
  return static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(interval / v3_unit, 1, v3_max_interval));
}

/// Trailing zero bytes are padding.
Secret read_password(Bytes bytes) {
  std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  return Secret{text.substr(0, text.find_last_not_of('\0') + 1)};
}

/// As it stands on the wire.
std::array<std::byte, authentication_size> padded(const Secret& password) {
  std::array<std::byte, authentication_size> bytes{};
  const auto text = std::as_bytes(std::span{password.text()});
  std::ranges::copy(text.first(std::min(text.size(), bytes.size())), bytes.begin());
  return bytes;
}

std::optional<ChecksumStyle> checksum_style(Bytes message, Version version, const Arrival& arrival,
                                            const Reception& reception) {
  const std::uint32_t plain = internet_sum(message);
  const std::uint32_t with_header =
      plain + pseudo_header_sum(arrival.source, arrival.destination, message.size());
  if (arrival.source.is_v6())
    return internet_checksum(with_header) == 0 ? std::optional{ChecksumStyle::pseudo_header}
                                               : std::nullopt;
  if (internet_checksum(plain) == 0) return ChecksumStyle::message;
  if (version == Version::v3 && internet_checksum(with_header) == 0)
    return ChecksumStyle::pseudo_header;
  if (version != Version::v3 || !reception.old_group) return std::nullopt;
  const std::uint32_t with_group =
      plain + pseudo_header_sum(arrival.source, *reception.old_group, message.size());
  return internet_checksum(with_group) == 0 ? std::optional{ChecksumStyle::group_header}
                                            : std::nullopt;
}

}  // namespace

std::string_view to_string(ChecksumStyle style) {
  switch (style) {
    case ChecksumStyle::message:
      return "message";
    case ChecksumStyle::pseudo_header:
      return "pseudo_header";
    case ChecksumStyle::group_header:
      return "group_header";
  }
  return "unknown";
}

std::string_view to_string(Discard reason) {
  switch (reason) {
    case Discard::truncated:
      return "truncated";
    case Discard::length:
      return "length";
    case Discard::version:
      return "version";
    case Discard::type:
      return "type";
    case Discard::ttl:
      return "ttl";
    case Discard::checksum:
      return "checksum";
    case Discard::zero_addresses:
      return "zero_addresses";
    case Discard::interval:
      return "interval";
    case Discard::auth_type:
      return "auth_type";
    case Discard::auth_mismatch:
      return "auth_mismatch";
    case Discard::auth_failure:
      return "auth_failure";
    case Discard::own:
      return "own";
    case Discard::unknown_vrid:
      return "unknown_vrid";
    case Discard::source:
      return "source";
    case Discard::replay:
      return "replay";
    case Discard::hmac_missing:
      return "hmac_missing";
    case Discard::hmac_key:
      return "hmac_key";
    case Discard::hmac_stale:
      return "hmac_stale";
    case Discard::hmac_invalid:
      return "hmac_invalid";
    case Discard::owner:
      return "owner";
    case Discard::first_address:
      return "first_address";
  }
  return "unknown";
}

std::vector<std::byte> encode(const Advert& advert, const IpAddress& source,
                              const IpAddress& destination, ChecksumStyle style) {
  BASE_ASSERT(advert.addresses.size() <= 255);
  const bool is_v2 = advert.version == Version::v2;
  ByteWriter out;
  out.u8(
      static_cast<std::uint8_t>(static_cast<unsigned>(advert.version) << 4 | type_advertisement));
  out.u8(advert.vrid);
  out.u8(advert.priority);
  out.u8(static_cast<std::uint8_t>(advert.addresses.size()));
  if (is_v2) {
    out.u8(static_cast<std::uint8_t>(advert.auth_type));
    out.u8(wire_seconds(advert.interval));
  } else {
    out.u16(wire_centiseconds(advert.interval));  // 5.2.6: the reserve nibble above it is zero
  }
  out.u16(0);
  for (const IpAddress& address : advert.addresses) out.append(address.bytes());
  if (is_v2)
    out.append(padded(advert.auth_type == AuthType::password ? advert.password : Secret{}));
  std::uint32_t total = internet_sum(out.bytes());
  if (source.is_v6() || (!is_v2 && style != ChecksumStyle::message))
    total += pseudo_header_sum(source, destination, out.bytes().size());
  out.patch_u16(checksum_at, internet_checksum(total));
  return out.take();
}

tl::expected<Parsed, Discard> parse(Bytes message, const Arrival& arrival,
                                    const Reception& reception) {
  const auto discard = [](Discard reason) { return tl::make_unexpected(reason); };
  if (message.size() < header_size) return discard(Discard::truncated);
  ByteReader in{message};
  const std::uint8_t version_and_type = in.u8();
  const unsigned version = version_and_type >> 4;
  if (version != 2 && version != 3) return discard(Discard::version);                 // 5.2.1
  if ((version_and_type & 0xf) != type_advertisement) return discard(Discard::type);  // 5.2.2
  if (arrival.ttl < reception.min_ttl || arrival.ttl > reception.max_ttl)             // 5.1.1.3
    return discard(Discard::ttl);
  Parsed parsed;
  Advert& advert = parsed.advert;
  advert.version = static_cast<Version>(version);
  advert.vrid = in.u8();
  advert.priority = in.u8();
  const std::size_t count = in.u8();
  const std::uint8_t auth = in.u8();
  const std::uint8_t low = in.u8();
  (void)in.u16();
  const std::size_t trailer = version == 2 ? authentication_size : 0;
  const std::size_t size = header_size + count * (arrival.source.is_v4() ? 4U : 16U) + trailer;
  if (message.size() < size) return discard(Discard::truncated);
  parsed.has_trailer = reception.trailer && message.size() == size + hmac_trailer_size;
  if (message.size() > size && !parsed.has_trailer) return discard(Discard::length);
  // The kernels of IPv6 sum whatever stands in the packet; in IPv4 the trailer is no part of it.
  const Bytes summed = arrival.source.is_v6() ? message : message.first(size);
  const auto style = checksum_style(summed, advert.version, arrival, reception);
  if (!style) return discard(Discard::checksum);
  parsed.style = *style;
  if (version == 2) {
    if (auth > static_cast<unsigned>(AuthType::ah)) return discard(Discard::auth_type);
    advert.auth_type = static_cast<AuthType>(auth);
    advert.interval = std::chrono::seconds{low};
  } else {
    advert.interval = v3_unit * ((auth & 0xfU) << 8 | low);  // 5.2.6: the reserve nibble is ignored
  }
  if (advert.interval == Duration{0}) return discard(Discard::interval);  // 7.1, erratum 8301
  for (std::size_t i = 0; i < count; ++i)
    advert.addresses.push_back(*IpAddress::from_bytes(in.take(arrival.source.is_v4() ? 4 : 16)));
  if (version == 2 && advert.auth_type == AuthType::password)
    advert.password = read_password(in.take(authentication_size));
  return parsed;
}

std::optional<Discard> refuses(const Expectation& expectation, const Advert& advert,
                               const IpAddress& source) {
  if (source == expectation.own_address) return Discard::own;
  const bool version_2_too = expectation.also_version_2 && advert.version == Version::v2;
  if (advert.version != expectation.version && !version_2_too) return Discard::version;
  if (advert.addresses.empty() && !expectation.no_addresses)
    return Discard::zero_addresses;  // 5.2.5
  if (expectation.link_local_first && !advert.addresses.empty() &&
      advert.addresses.front().is_v6() && !advert.addresses.front().is_link_local())
    return Discard::first_address;
  if (advert.version == Version::v3) return std::nullopt;
  if (advert.auth_type != expectation.auth_type) return Discard::auth_mismatch;
  if (advert.auth_type == AuthType::password &&
      !equal_in_constant_time(padded(advert.password), padded(expectation.password)))
    return Discard::auth_failure;
  // RFC 3768 7.1: the interval must be ours.
  if (advert.interval != expectation.interval && !version_2_too) return Discard::interval;
  return std::nullopt;
}

std::size_t largest_advert(Family family, std::size_t addresses) {
  constexpr std::size_t ip_header = 60, ipv6_header = 40;  // RFC 791 3.1 with options, RFC 8200 3
  const bool v4 = family == Family::ipv4;
  return (v4 ? ip_header : ipv6_header) + header_size + addresses * (v4 ? 4 : 16) +
         authentication_size + hmac_trailer_size;
}

std::size_t addresses_that_fit(std::size_t mtu, Family family, std::size_t extra) {
  constexpr std::size_t ethernet_header = 14;              // IEEE 802.3
  constexpr std::size_t ip_header = 20, ipv6_header = 40;  // RFC 791 3.1, RFC 8200 3
  const bool v4 = family == Family::ipv4;
  const std::size_t around = ethernet_header + (v4 ? ip_header : ipv6_header) + header_size + extra;
  return mtu < around ? 0 : (mtu - around) / (v4 ? 4U : 16U);
}

void set_ipv6_checksum(std::vector<std::byte>& message, const IpAddress& source,
                       const IpAddress& destination) {
  message[checksum_at] = message[checksum_at + 1] = std::byte{0};
  const std::uint16_t sum = internet_checksum(
      internet_sum(message) + pseudo_header_sum(source, destination, message.size()));
  message[checksum_at] = static_cast<std::byte>(sum >> 8);
  message[checksum_at + 1] = static_cast<std::byte>(sum & 0xff);
}

std::uint8_t peek_vrid(Bytes message) {
  return message.size() < 2 ? std::uint8_t{0} : std::to_integer<std::uint8_t>(message[1]);
}

}  // namespace holdfast::vrrp
