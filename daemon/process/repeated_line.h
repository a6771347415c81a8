// A log line that may come very often.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>

#include "daemon/base/event.h"
#include "daemon/base/time.h"

namespace holdfast {

/// A line that can repeat: written at once and then at most every 10 s, with its count.
class RepeatedLine {
 public:
  void write(Log& log, TimePoint now, Event event) {
    if (count(now)) put(log, std::move(event));
  }
  /// @param make called only when a line is written: it gives the Event
  template <std::invocable Make>
  void write(Log& log, TimePoint now, const Make& make) {
    if (count(now)) put(log, make());
  }

 private:
  /// One more. @return true when a line is due
  bool count(TimePoint now);
  void put(Log& log, Event event);

  std::optional<TimePoint> last_;  ///< when a line was written
  std::uint64_t unlogged_ = 0;     ///< since then
};

}  // namespace holdfast
