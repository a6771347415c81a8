// What is kept of a check for who comes after: another worker, another daemon. Read as foreign
// bytes.
#pragma once

#include <optional>
#include <vector>

#include "checkers/core/findings.h"
#include "checkers/core/health.h"
#include "daemon/base/bytes.h"

namespace holdfast::checkers {

struct CheckRecord {
  HealthRecord health;
  std::optional<Finding> decision;
  bool operator==(const CheckRecord&) const = default;
};

/// At most as long as a value of process::StateTable.
std::vector<std::byte> to_bytes(const CheckRecord& record);
/// Nothing: these are none of to_bytes().
std::optional<CheckRecord> check_record(Bytes bytes);

}  // namespace holdfast::checkers
