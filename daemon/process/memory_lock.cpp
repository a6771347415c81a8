#include "daemon/process/memory_lock.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace holdfast::process {

void lock_memory(const config::ProcessDefs& settings, Log& log) {
  if (!settings.no_swap) {
    ::munlockall();
    return;
  }
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
    log.write(Event{Level::error, "no_swap",
                    fmt::format("cannot keep the memory of this process out of swap: {}",
                                ::strerrordesc_np(errno))});
}

}  // namespace holdfast::process
