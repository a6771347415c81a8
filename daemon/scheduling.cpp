#include "daemon/scheduling.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace holdfast {
namespace {

/// The limit of it (process::limit_realtime) is set by the process itself.
bool set_realtime(pid_t pid, const config::ProcessDefs& wanted) {
  sched_param parameters{};
  parameters.sched_priority = wanted.rt_priority.value_or(0);
  const int policy = wanted.rt_priority ? SCHED_RR : SCHED_OTHER;
  return ::sched_setscheduler(pid, policy | SCHED_RESET_ON_FORK, &parameters) == 0;
}

/// No CPU named: those of this process.
bool set_affinity(pid_t pid, const std::vector<std::uint16_t>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::uint16_t cpu : cpus) CPU_SET(cpu, &set);
  if (cpus.empty() && ::sched_getaffinity(0, sizeof set, &set) != 0) return false;
  return ::sched_setaffinity(pid, sizeof set, &set) == 0;
}

}  // namespace

void allow_auto_priority(pid_t pid, const std::string& name, int most, Log& log) {
  const auto limit = static_cast<rlim_t>(std::max(most, 0));
  const rlimit allowed{limit, limit};
  if (::prlimit(pid, RLIMIT_RTPRIO, &allowed, nullptr) != 0)
    log.write(Event{
        Level::error, "scheduling",
        fmt::format("cannot allow {} a realtime priority: {}", name, ::strerrordesc_np(errno))});
}

void schedule_process(pid_t pid, const std::string& name, const config::ProcessDefs& wanted,
                      const config::ProcessDefs& applied, Log& log) {
  const auto report = [&](bool done, std::string_view what) {
    if (!done)
      log.write(
          Event{Level::error, "scheduling",
                fmt::format("cannot set {} of {}: {}", what, name, ::strerrordesc_np(errno))});
  };
  if (wanted.nice != applied.nice)
    report(::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), wanted.nice) == 0, "the nice level");
  if (wanted.rt_priority != applied.rt_priority)
    report(set_realtime(pid, wanted), "the realtime priority");
  if (wanted.cpu_affinity != applied.cpu_affinity)
    report(set_affinity(pid, wanted.cpu_affinity), "the CPUs");
}

}  // namespace holdfast
