// How long this process may run under realtime without a pause.
#pragma once

#include "daemon/base/event.h"
#include "daemon/config/global_parts.h"

namespace holdfast::process {

/// Sets RLIMIT_RTTIME where the process gets a realtime priority, which the supervisor gives it.
/// @source runtime.md section 24 of the reference: the soft limit, of which the process is only
/// told, is half of the hard one
void limit_realtime(const config::ProcessDefs& settings, Log& log);

}  // namespace holdfast::process
