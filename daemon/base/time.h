// Times inside Holdfast. A core receives the time as a value: this clock cannot be read.
// The adapters read it with process::monotonic_now() (daemon/process/clock.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace holdfast {

/// CLOCK_MONOTONIC in nanoseconds. Has no now() on purpose: pure code cannot tell the time.
struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

using Duration = MonotonicClock::duration;
using TimePoint = MonotonicClock::time_point;

/// A duration in seconds as a floating point number: for text and JSON only.
constexpr double in_seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

/// The earlier of two deadlines; nothing: there is none.
constexpr std::optional<TimePoint> earliest(std::optional<TimePoint> a,
                                            std::optional<TimePoint> b) {
  if (!a || !b) return a ? a : b;
  return *a < *b ? a : b;
}

}  // namespace holdfast
