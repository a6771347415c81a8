// lvs_timeouts: the kernel's time-outs of connections while the daemon runs, and before and after.
#pragma once

#include <optional>

#include "daemon/base/event.h"
#include "daemon/config/global_parts.h"
#include "ipvs/kernel.h"

namespace holdfast::ipvs {

/// Sets what is wanted, and puts back what is not wanted any more. Asks the kernel only when there
/// is something to do. What goes wrong is logged.
/// @param original what was set before the first call; nothing: there was none
/// @param socket as for Kernel::open()
/// @return the original for the next call; nothing: all is as it was
std::optional<Timeouts> keep_timeouts(const config::IpvsTimeouts& wanted,
                                      std::optional<Timeouts> original, Log& log, int socket = -1);

}  // namespace holdfast::ipvs
