#include "daemon/base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace holdfast {

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress address;
  for (std::size_t i = 0; i < 4; ++i)
    address.bytes_[i] = static_cast<std::byte>(host_order >> (24 - 8 * i));
  return address;
}

IpAddress IpAddress::v6(std::span<const std::byte, 16> bytes) {
  IpAddress address;
  address.family_ = Family::ipv6;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::from_bytes(std::span<const std::byte> bytes) {
  if (bytes.size() == 16) return v6(bytes.first<16>());
  if (bytes.size() != 4) return std::nullopt;
  IpAddress address;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  IpAddress address;
  if (inet_pton(AF_INET, terminated.data(), address.bytes_.data()) == 1) return address;
  address.family_ = Family::ipv6;
  if (inet_pton(AF_INET6, terminated.data(), address.bytes_.data()) == 1) return address;
  return std::nullopt;
}

std::uint32_t IpAddress::host_order() const {
  std::uint32_t value = 0;
  for (const std::byte byte : bytes()) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  return value;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes(), [](std::byte byte) { return byte == std::byte{0}; });
}

bool IpAddress::is_multicast() const {
  const auto first = std::to_integer<unsigned>(bytes_[0]);
  return is_v4() ? first >> 4 == 0xe : first == 0xff;
}

bool IpAddress::is_link_local() const {
  const auto first = std::to_integer<unsigned>(bytes_[0]);
  const auto second = std::to_integer<unsigned>(bytes_[1]);
  return is_v4() ? first == 169 && second == 254 : first == 0xfe && (second & 0xc0) == 0x80;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

}  // namespace holdfast
