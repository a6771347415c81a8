// The socket over which the kernel tells of processes that begin, execute and end. It exists in the
// initial network namespace only, and a worker may not be there: so it is opened here, and given to
// the one that reads it (vrrp/linux/process_events.h).
#pragma once

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast {

/// A socket that has joined the group of process events. From another network namespace it is
/// opened in the initial one, where this process may enter it. Nothing is sent on it.
Result<Fd> open_process_connector();

}  // namespace holdfast
