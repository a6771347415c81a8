// vrrp_no_swap and checker_no_swap: all memory of a process stays out of swap.
#pragma once

#include "daemon/base/event.h"
#include "daemon/config/global_parts.h"

namespace holdfast::process {

/// Locks the memory of this process, what it will have as well, or gives it free again. The
/// supervisor has raised the limit (RLIMIT_MEMLOCK); what the system refuses is reported.
void lock_memory(const config::ProcessDefs& settings, Log& log);

}  // namespace holdfast::process
