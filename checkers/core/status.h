// What the operator reads about a service (`holdfast servers`), as text and as JSON. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/core/findings.h"
#include "checkers/core/health.h"
#include "checkers/core/pool.h"
#include "checkers/core/traffic.h"

namespace holdfast::checkers {

struct CheckState {
  HealthRecord health;
  Findings findings;
};

/// Now on both clocks: what is kept has monotonic times, what is shown has those of the wall.
struct Clocks {
  TimePoint now;
  std::chrono::system_clock::time_point wall;

  /// Rounded down to a second, so that a time is shown the same whenever it is asked for.
  [[nodiscard]] std::time_t wall_time_of(TimePoint at) const {
    return std::chrono::system_clock::to_time_t(
        wall - std::chrono::duration_cast<std::chrono::system_clock::duration>(now - at));
  }
};

/// All that is known of a service. What it points to must outlive it.
struct ServiceView {
  const Pool& pool;
  const std::vector<std::vector<CheckState>>& checks;  ///< by server and check of the pool
  bool suspended = false;                              ///< by ha_suspend
  const ServiceTraffic* traffic = nullptr;             ///< nothing: it was not asked for
  std::optional<std::uint32_t> mark = {};              ///< that nftables_ipvs gives its addresses
};

/// Whether an operator means it: `10.0.0.1:80`, `[2001:db8::1]:80`, the address alone, or the name
/// that logs have, `[10.0.0.1]:tcp:80`.
bool is_meant(std::string_view word, std::string_view name, const IpAddress& address,
              std::uint16_t port);

/// Several lines, each with its end.
std::string status_of(const ServiceView& service, const Clocks& clocks);
/// The same for programs: numbers as numbers, times as `2026-11-21T20:40:01Z`. Names and reasons
/// may hold any byte.
boost::json::object status_json(const ServiceView& service, const Clocks& clocks);

}  // namespace holdfast::checkers
