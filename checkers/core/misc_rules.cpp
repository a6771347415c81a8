#include "checkers/core/misc_rules.h"

namespace holdfast::checkers {

Verdict judge_exit(const MiscCheck& check, int code) {
  if (code == 0) return Verdict::passed();
  if (!check.dynamic || code == 1) return Verdict::failed("exit status {}", code);
  Verdict verdict = Verdict::passed();
  verdict.weight = code - 2;
  return verdict;
}

}  // namespace holdfast::checkers
