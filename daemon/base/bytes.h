// Bounded reading and writing of network byte order. A read past the end makes the reader bad and
// yields zeros: check good() once at the end instead of after every field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace holdfast {

using Bytes = std::span<const std::byte>;

/// Reads big-endian numbers from a span that must outlive it.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : rest_{bytes} {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  /// The next `count` bytes; empty and bad() when there are fewer.
  Bytes take(std::size_t count) {
    if (count > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  [[nodiscard]] Bytes rest() const { return rest_; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const std::byte byte : take(size))
      value = value << 8 | std::to_integer<std::uint32_t>(byte);
    return value;
  }
  Bytes rest_;
  bool good_ = true;
};

/// The sum of the 16-bit words of `bytes`, an odd last byte padded: a part of internet_checksum().
inline std::uint32_t internet_sum(Bytes bytes) {
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    total += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  return total;
}

/// @source RFC 1071. @param total of all parts, for at most 64 KiB
constexpr std::uint16_t internet_checksum(std::uint32_t total) {
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return static_cast<std::uint16_t>(~total);
}

/// Appends big-endian numbers to a buffer of its own.
class ByteWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(std::byte{value}); }
  void u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value >> 8));
    u8(static_cast<std::uint8_t>(value));
  }
  void u32(std::uint32_t value) {
    u16(static_cast<std::uint16_t>(value >> 16));
    u16(static_cast<std::uint16_t>(value));
  }
  void append(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  /// Overwrites two bytes already written, for checksums. @pre offset + 2 <= size
  void patch_u16(std::size_t offset, std::uint16_t value) {
    bytes_[offset] = std::byte(value >> 8);
    bytes_[offset + 1] = std::byte(value & 0xff);
  }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }
  [[nodiscard]] std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace holdfast
