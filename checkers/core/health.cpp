#include "checkers/core/health.h"

#include <algorithm>
#include <utility>

namespace holdfast::checkers {

Health::Outcome Health::apply(const Verdict& verdict, const FinalTiming& timing) {
  if (verdict.kind == Verdict::Kind::not_run) return {false, false, timing.delay_loop};
  const bool first = !std::exchange(record_.judged, true);
  const bool was_up = record_.up;
  if (verdict.kind == Verdict::Kind::passed) {
    record_.failures = 0;
    record_.up = true;
    return {!was_up, first, timing.delay_loop};
  }
  if (!was_up) return {false, first, std::max(timing.delay_loop, timing.delay_before_retry)};
  if (!first && record_.failures < timing.retry) {
    ++record_.failures;
    return {false, first, timing.delay_before_retry};
  }
  record_.failures = 0;
  record_.up = false;
  return {true, first, std::max(timing.delay_loop, timing.delay_before_retry)};
}

}  // namespace holdfast::checkers
