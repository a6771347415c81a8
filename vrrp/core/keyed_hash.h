// Keyed hashes of adverts, and what a secret needs: comparison in constant time, and wiping.
// The only file of vrrp/ that knows nettle is keyed_hash.cpp.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "daemon/base/bytes.h"

namespace holdfast::vrrp {

/// @source RFC 2403: HMAC-MD5 cut to 96 bits
using Md5Tag = std::array<std::byte, 12>;
/// @source draft-cassen-vrrp-auth-hmac: HMAC-SHA256 cut to 128 bits
using Sha256Tag = std::array<std::byte, 16>;

/// Over all parts as if they were one.
Md5Tag hmac_md5_96(std::string_view key, std::initializer_list<Bytes> parts);
Sha256Tag hmac_sha256_128(std::string_view key, std::initializer_list<Bytes> parts);

/// Takes the same time wherever the first difference is; sizes are no secret.
bool equal_in_constant_time(Bytes a, Bytes b);

/// Text that is overwritten when it is not needed any more.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_{text} {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_{other.text_} { other.wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    *this = static_cast<const Secret&>(other);
    if (this != &other) other.wipe();
    return *this;
  }
  ~Secret() { wipe(); }

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  bool operator==(const Secret& other) const { return text_ == other.text_; }

 private:
  void wipe() noexcept;
  std::string text_;
};

}  // namespace holdfast::vrrp
