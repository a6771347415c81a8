// The only place that reads the monotonic clock.
#pragma once

#include "daemon/base/time.h"

namespace holdfast::process {

/// CLOCK_MONOTONIC; comparable between processes of one boot.
TimePoint monotonic_now();
/// How long this host has been up, suspended or not.
Duration uptime();

}  // namespace holdfast::process
