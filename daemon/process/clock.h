// The only place that reads the monotonic clock.
#pragma once

#include "daemon/base/time.h"

namespace holdfast::process {

/// CLOCK_MONOTONIC; comparable between processes of one boot.
TimePoint monotonic_now();

}  // namespace holdfast::process
