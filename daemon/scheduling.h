// How the kernel treats a worker: its nice level, realtime priority and CPUs. The supervisor sets
// it, since a worker is not allowed to.
#pragma once

#include <sys/types.h>

#include <string>

#include "daemon/base/event.h"
#include "daemon/config/global_parts.h"

namespace holdfast {

/// Changes what differs between the two; what the system refuses is reported, each for itself.
/// What a process starts (no worker starts anything) does not inherit the realtime priority.
void schedule_process(pid_t pid, const std::string& name, const config::ProcessDefs& wanted,
                      const config::ProcessDefs& applied, Log& log);

/// max_auto_priority: up to this realtime priority the process may raise itself; less than 1: none.
void allow_auto_priority(pid_t pid, const std::string& name, int most, Log& log);

}  // namespace holdfast
