#include "checkers/core/file_rules.h"

#include <limits>

namespace holdfast::checkers {

Verdict judge_number(const FileCheck& check, std::int32_t number) {
  constexpr std::int64_t least = std::numeric_limits<std::int32_t>::min();
  const std::int64_t weight = check.weight.value_or(1);
  if (weight == 0) {
    if ((number != 0) == check.reverse) return Verdict::passed();
    return Verdict::failed("{} holds {}", check.path, number);
  }
  const std::int64_t added = number * weight * (check.reverse ? -1 : 1);
  if (added <= least) return Verdict::failed("{} holds {}, times {}", check.path, number, weight);
  Verdict verdict = Verdict::passed();
  verdict.added = added;
  return verdict;
}

}  // namespace holdfast::checkers
