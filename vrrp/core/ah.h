// auth_type AH of version 2: an IPsec Authentication Header between the IPv4 header and the advert
// (RFC 2338 5.3.6, RFC 2402), as keepalived has it. Pure: bytes in, bytes out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "vrrp/core/packet.h"

namespace holdfast::vrrp {

/// @source IANA: Authentication Header
inline constexpr std::uint8_t ah_protocol = 51;
/// @source RFC 2402 2.2 and RFC 2403: 12 bytes of header and 96 bits of check value
inline constexpr std::size_t ah_size = 24;

/// One packet to send.
struct AhOrder {
  IpAddress source, destination;  ///< IPv4
  std::uint8_t ttl = required_ttl;
  std::uint16_t identification = 1;  ///< of the IP header; not 0, which the kernel would replace
  std::uint32_t sequence = 1;
};
/// The whole IPv4 packet, since the check value covers its header. The kernel fills in the
/// checksum of that.
std::vector<std::byte> seal_ah(Bytes message, const AhOrder& order, std::string_view password);

/// What one virtual router knows of sequence numbers: one number for what it sends and what it
/// hears, so that whoever becomes Active goes on from there (keepalived).
class AhSequence {
 public:
  AhSequence() = default;
  explicit AhSequence(std::uint32_t last) : last_{last} {}
  /// Nothing: used up (RFC 2402 3.3.3: never again from the start).
  std::optional<std::uint32_t> next();
  /// True for a number that is new; it counts from now on.
  bool accept(std::uint32_t received);
  [[nodiscard]] std::uint32_t last() const { return last_; }

 private:
  std::uint32_t last_ = 0;
};

/// @param packet what stands behind the IPv4 header arrival.ip_header
/// @return the advert; Discard::auth_failure when the check value or the SPI is wrong,
/// Discard::replay when the number was there before. `sequence` changes with a good packet only.
tl::expected<Bytes, Discard> open_ah(Bytes packet, const Arrival& arrival,
                                     std::string_view password, AhSequence& sequence);

}  // namespace holdfast::vrrp
