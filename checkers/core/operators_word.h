// What an operator said of a server last, as it is kept for another process. Read as foreign bytes.
// Pure.
#pragma once

#include <optional>
#include <vector>

#include "checkers/core/admission.h"
#include "daemon/base/bytes.h"
#include "daemon/base/time.h"

namespace holdfast::checkers {

struct OperatorsWord {
  Mode mode = Mode::normal;
  TimePoint since;  ///< deadlines of drains count from here
  bool operator==(const OperatorsWord&) const = default;
};

std::vector<std::byte> to_bytes(const OperatorsWord& word);
/// Nothing: these are none of to_bytes().
std::optional<OperatorsWord> operators_word(Bytes bytes);

}  // namespace holdfast::checkers
