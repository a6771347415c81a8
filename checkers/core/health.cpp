#include "checkers/core/health.h"

#include <algorithm>
#include <utility>

namespace holdfast::checkers {

Health::Outcome Health::apply(const Verdict& verdict, const FinalTiming& timing) {
  if (verdict.kind == Verdict::Kind::not_run) return {false, false, timing.delay_loop};
  const bool first = !std::exchange(record_.judged, true);
  const bool passed = verdict.kind == Verdict::Kind::passed;
  const Duration usual =
      passed ? timing.delay_loop : std::max(timing.delay_loop, timing.delay_before_retry);
  if (passed == record_.up) {
    record_.contrary = 0;
    return {false, first, usual};
  }
  const bool at_once = first && record_.up;
  const std::uint32_t forgiven = passed ? timing.rise - 1 : timing.retry;
  if (!at_once && record_.contrary < forgiven) {
    ++record_.contrary;
    return {false, first, passed ? timing.delay_loop : timing.delay_before_retry};
  }
  record_.contrary = 0;
  record_.up = passed;
  return {true, first, usual};
}

}  // namespace holdfast::checkers
