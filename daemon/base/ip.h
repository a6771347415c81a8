// IPv4 and IPv6 addresses as values: parse, print, compare as unsigned integers in network order.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace holdfast {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

/// One address. Orders by family, then as an unsigned integer in network order (RFC 9568 6.4.3).
class IpAddress {
 public:
  /// 0.0.0.0
  constexpr IpAddress() = default;
  /// @param host_order e.g. 0xC0000201 for 192.0.2.1
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v6(std::span<const std::byte, 16> bytes);
  /// From 4 or 16 bytes in network order; nothing for another size.
  static std::optional<IpAddress> from_bytes(std::span<const std::byte> bytes);
  /// Presentation form only: no prefix length, no zone, no blanks.
  static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] bool is_v4() const { return family_ == Family::ipv4; }
  [[nodiscard]] bool is_v6() const { return family_ == Family::ipv6; }
  /// 4 or 16 bytes in network order, valid as long as this object.
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::span{bytes_}.first(is_v4() ? 4 : 16);
  }
  /// @pre is_v4()
  [[nodiscard]] std::uint32_t host_order() const;
  [[nodiscard]] bool is_unspecified() const;
  [[nodiscard]] bool is_multicast() const;
  [[nodiscard]] bool is_link_local() const;
  [[nodiscard]] std::string to_string() const;
  /// 32 or 128
  [[nodiscard]] std::uint8_t bits() const { return is_v4() ? 32 : 128; }

  auto operator<=>(const IpAddress&) const = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::byte, 16> bytes_{};
};

}  // namespace holdfast

template <>
struct std::hash<holdfast::IpAddress> {
  std::size_t operator()(const holdfast::IpAddress& address) const noexcept {
    const auto bytes = address.bytes();
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
};
