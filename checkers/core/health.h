// Whether one check says up or down: retries before a failure counts, and when to look again. Pure.
#pragma once

#include <cstdint>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"

namespace holdfast::checkers {

/// What a successor must know of a check.
struct HealthRecord {
  bool up = true;
  bool judged = false;            ///< a first result has been seen
  std::uint32_t contrary = 0;     ///< results in a row against the verdict, not yet enough of them
  std::int64_t contribution = 0;  ///< to the weight of its server
  bool operator==(const HealthRecord&) const = default;
};

class Health {
 public:
  explicit Health(const FinalTiming& timing) : record_{!timing.alpha, false, 0, 0} {}
  /// Goes on where another one was: over a restart, and over a reload that changed the check (its
  /// verdict stays until the first result of the new settings).
  explicit Health(const HealthRecord& record) : record_{record} {}

  struct Outcome {
    bool changed = false;  ///< is_up() is another one now
    bool first = false;    ///< the first result ever
    Duration next{};       ///< until the next probe
  };
  /// runtime.md 16.1: a failure counts after `retry` further attempts, during start at once. A
  /// success counts as the `rise`th in a row.
  Outcome apply(const Verdict& verdict, const FinalTiming& timing);
  [[nodiscard]] bool is_up() const { return record_.up; }
  /// Failing, but not yet down.
  [[nodiscard]] bool is_suspect() const { return record_.up && record_.contrary > 0; }
  [[nodiscard]] const HealthRecord& record() const { return record_; }
  void set_contribution(std::int64_t weight) { record_.contribution = weight; }

 private:
  HealthRecord record_;
};

}  // namespace holdfast::checkers
