#include "daemon/process/realtime_limit.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace holdfast::process {

void limit_realtime(const config::ProcessDefs& settings, Log& log) {
  if (!settings.rt_priority) return;
  const auto most = static_cast<rlim_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(settings.rlimit_rttime).count());
  const rlimit limit{most / 2, most};
  if (::setrlimit(RLIMIT_RTTIME, &limit) != 0)
    log.write(Event{Level::warning, "scheduling",
                    fmt::format("cannot set the limit of realtime to {} us: {}", most,
                                ::strerrordesc_np(errno))});
}

}  // namespace holdfast::process
