// Whether a link is flooded with adverts that are good for nothing. While it is, the kernel lets
// through only a sample of what unknown senders send, so that the adverts of known routers are not
// lost in the crowd.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/base/time.h"

namespace holdfast::vrrp {

class FloodGuard {
 public:
  /// Of unknown senders one advert in so many is let through: a new router is heard a little later.
  static constexpr std::uint32_t sample = 16;
  /// 20,000 a second: far above what misconfigured neighbours send, and easily read.
  static constexpr std::uint64_t most_in_window = 2000;
  static constexpr Duration window = std::chrono::milliseconds{100};
  /// It is over when no window was full for so long.
  static constexpr Duration quiet = std::chrono::seconds{2};

  /// So many adverts have just been discarded. @return true when is_flooded() changed
  bool note(std::uint64_t discarded, TimePoint now) {
    if (now - begun_ >= window) {
      begun_ = now;
      count_ = 0;
    }
    count_ += is_flooded() ? discarded * sample : discarded;
    const bool was_flooded = is_flooded();
    if (count_ > most_in_window) ends_ = now + quiet;
    return is_flooded() != was_flooded;
  }
  /// @return true when is_flooded() changed
  bool expire(TimePoint now) {
    if (!ends_ || *ends_ > now) return false;
    ends_.reset();
    count_ = 0;
    return true;
  }
  [[nodiscard]] bool is_flooded() const { return ends_.has_value(); }
  /// When expire() is due.
  [[nodiscard]] std::optional<TimePoint> deadline() const { return ends_; }

 private:
  TimePoint begun_;
  std::uint64_t count_ = 0;
  std::optional<TimePoint> ends_;
};

}  // namespace holdfast::vrrp
