// What the exit status of a MISC_CHECK script means. Pure.
#pragma once

#include "checkers/config/checks.h"
#include "checkers/core/verdict.h"

namespace holdfast::checkers {

/// 0 is a success; misc_dynamic: 2..255 as well, with the weight that is 2 less (runtime.md 16.6).
Verdict judge_exit(const MiscCheck& check, int code);

}  // namespace holdfast::checkers
