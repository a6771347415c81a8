// How long instances are held back at the start of the daemon.
#pragma once

#include <algorithm>
#include <optional>

#include "daemon/base/time.h"

namespace holdfast::vrrp {

/// vrrp_startup_delay counts from now, vrrp_delay_after_boot from the start of the host; the later
/// end counts. @return nothing: nobody waits
inline std::optional<TimePoint> hold_until(Duration startup_delay, Duration after_boot,
                                           Duration uptime, TimePoint now) {
  const Duration wait = std::max(startup_delay, after_boot - uptime);
  return wait > Duration{0} ? std::optional{now + wait} : std::nullopt;
}

}  // namespace holdfast::vrrp
