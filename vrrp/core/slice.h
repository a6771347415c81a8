// How much is done at once between two looks at everything else.
#pragma once

#include <algorithm>
#include <cstddef>

#include "daemon/base/time.h"

namespace holdfast::vrrp {

/// As many changes as the kernel makes in about a millisecond, but 64 at most: on an interface with
/// thousands of addresses one more costs it 40 us and longer, on an empty one 4 us.
class Slice {
 public:
  /// @source performance-baseline: chunks of 64 cost the same as one message for all
  static constexpr std::size_t most = 64;
  static constexpr std::size_t least = 8;
  static constexpr Duration target = std::chrono::milliseconds{1};

  [[nodiscard]] std::size_t size() const { return size_; }
  /// @param count changes that took so long
  void took(std::size_t count, Duration duration) {
    if (count == 0) return;
    const auto fitting =
        duration <= Duration{0}
            ? most
            : static_cast<std::size_t>(target * static_cast<long>(count) / duration);
    // One slow batch may be another program's doing: not more than halved or doubled at once.
    size_ = std::clamp(std::clamp(fitting, size_ / 2, size_ * 2), least, most);
  }

 private:
  std::size_t size_ = most;
};

}  // namespace holdfast::vrrp
