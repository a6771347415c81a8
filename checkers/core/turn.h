// One turn of the loop that drives checks: who is heard, who has waited too long, who begins. Pure:
// also when the processor is full, what has arrived counts before the clock does.
#pragma once

#include "checkers/core/alarms.h"
#include "daemon/base/time.h"

namespace holdfast::checkers {

/// What a turn needs of the world.
class TurnPort {
 public:
  TurnPort() = default;
  TurnPort(const TurnPort&) = delete;
  TurnPort& operator=(const TurnPort&) = delete;
  virtual ~TurnPort() = default;

  virtual TimePoint now() = 0;
  /// Everybody for whom something has come until now is told so.
  virtual void hear() = 0;
};

/// At most so many checks begin before those under way are heard again.
constexpr int begin_at_once = 32;

/// Limits of checks under way ring only after whatever came before them was heard. Checks that are
/// due begin in the order of their times, a few at a time, so that a loop that is late makes all of
/// them late by about the same, and none waits for its answer behind all the others' beginnings.
/// @return whether more of them are due: there shall be another turn soon
bool take_turn(TurnPort& port, Alarms& limits, Alarms& beginnings);

/// When a check is due again that was due at `due` and began later, since the loop was late. The
/// times of a loop that caught up are spread as before; where it cannot catch up, a check that
/// ended begins behind all that are due already.
/// @param interval from one beginning to the next
constexpr TimePoint next_beginning(TimePoint due, Duration interval, TimePoint now) {
  const TimePoint next = due + interval;
  return next < now ? now : next;
}

/// Beginnings are rounded down to it, so that those of one moment share a wake-up.
constexpr Duration beginnings_tick = std::chrono::milliseconds{10};
constexpr TimePoint at_tick(TimePoint time) {
  return TimePoint{time.time_since_epoch() / beginnings_tick * beginnings_tick};
}

}  // namespace holdfast::checkers
