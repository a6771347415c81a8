// A log line that may come very often.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/base/event.h"
#include "daemon/base/time.h"

namespace holdfast {

/// A line that can repeat: written at once and then at most every 10 s, with its count.
class RepeatedLine {
 public:
  void write(Log& log, TimePoint now, Event event);

 private:
  std::optional<TimePoint> last_;  ///< when a line was written
  std::uint64_t unlogged_ = 0;     ///< since then
};

}  // namespace holdfast
