#include "daemon/process/repeated_line.h"

#include <utility>

namespace holdfast {
namespace {

/// How often a repeated line is written.
constexpr Duration repeated_line_gap = std::chrono::seconds{10};

}  // namespace

bool RepeatedLine::count(TimePoint now) {
  ++unlogged_;
  if (last_ && now - *last_ < repeated_line_gap) return false;
  last_ = now;
  return true;
}

void RepeatedLine::put(Log& log, Event event) {
  log.write(event.with("count", std::to_string(std::exchange(unlogged_, 0))));
}

}  // namespace holdfast
