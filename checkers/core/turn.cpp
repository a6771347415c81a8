#include "checkers/core/turn.h"

namespace holdfast::checkers {

namespace {
/// Slices of one turn; others of the process have theirs in between.
constexpr int slices = 4;
}  // namespace

bool take_turn(TurnPort& port, Alarms& limits, Alarms& beginnings) {
  for (int slice = 0; slice < slices; ++slice) {
    // Before hearing: what came before a limit that is over by then is heard.
    const TimePoint now = port.now();
    port.hear();
    while (Alarm* over = limits.take_due(now)) over->ring();
    int begun = 0;
    for (; begun < begin_at_once; ++begun) {
      Alarm* const due = beginnings.take_due(now);
      if (due == nullptr) break;
      due->ring();
    }
    if (begun == 0) return false;
  }
  const auto next = beginnings.earliest();
  return next && *next <= port.now();
}

}  // namespace holdfast::checkers
