// What the number in a track_file means for a FILE_CHECK. Pure.
#pragma once

#include <cstdint>

#include "checkers/config/checks.h"
#include "checkers/core/verdict.h"

namespace holdfast::checkers {

/// The number times the weight is added to the server's weight; INT_MIN or less is a failure, and
/// with weight 0 so is any number but 0 (runtime.md 16.9). @pre the check has its weight
Verdict judge_number(const FileCheck& check, std::int32_t number);

}  // namespace holdfast::checkers
