// What the operator reads about a service (`holdfast servers`). Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/core/findings.h"
#include "checkers/core/health.h"
#include "checkers/core/pool.h"

namespace holdfast::checkers {

struct CheckState {
  HealthRecord health;
  Findings findings;
};

/// Now on both clocks: what is kept has monotonic times, what is shown has those of the wall.
struct Clocks {
  TimePoint now;
  std::chrono::system_clock::time_point wall;
};

/// Whether an operator means it: `10.0.0.1:80`, `[2001:db8::1]:80`, the address alone, or the name
/// that logs have, `[10.0.0.1]:tcp:80`.
bool is_meant(std::string_view word, std::string_view name, const IpAddress& address,
              std::uint16_t port);

/// Several lines, each with its end. @param checks by server and check of the pool
std::string status_of(const Pool& pool, const std::vector<std::vector<CheckState>>& checks,
                      const Clocks& clocks);

}  // namespace holdfast::checkers
