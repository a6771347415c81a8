// -M: the name of core dumps in the whole system, for as long as the daemon runs.
#pragma once

#include <string>

#include "daemon/base/event.h"

namespace holdfast {

/// @source core(5) /proc/sys/kernel/core_pattern
class CorePattern {
 public:
  /// What cannot be set is reported.
  CorePattern(const std::string& pattern, Log& log);
  CorePattern(const CorePattern&) = delete;
  CorePattern& operator=(const CorePattern&) = delete;
  /// Puts back what was there.
  ~CorePattern();

 private:
  std::string before_;  ///< empty: nothing was changed
};

}  // namespace holdfast
