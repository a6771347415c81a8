// Fd owns one file descriptor and closes it.
#pragma once

#include <unistd.h>

#include <utility>

namespace holdfast {

/// Owns a file descriptor; -1 means none.
class Fd {
 public:
  Fd() = default;
  /// Takes ownership of `descriptor`.
  explicit Fd(int descriptor) : descriptor_{descriptor} {}
  Fd(Fd&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.descriptor_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }
  /// Gives the descriptor up without closing it.
  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }
  void reset(int descriptor = -1) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = descriptor;
  }

 private:
  int descriptor_ = -1;
};

}  // namespace holdfast
