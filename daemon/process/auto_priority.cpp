#include "daemon/process/auto_priority.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daemon/process/realtime_limit.h"

namespace holdfast::process {
namespace {

/// Lateness is looked for this often: a process that is late is so for longer.
constexpr Duration look_every = std::chrono::milliseconds{500};

}  // namespace

std::optional<int> raised_priority(int current, int most) {
  return current < most ? std::optional{current + 1} : std::nullopt;
}

void AutoPriority::configure(const config::CommonDefs& common, const config::ProcessDefs& process) {
  most_ = common.max_auto_priority;
  limit_ = common.min_auto_priority_delay;
  process_ = process;
  timer_.cancel();
  if (most_ > 0) wait();
}

void AutoPriority::wait() {
  timer_.expires_after(look_every);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const Duration late = std::chrono::steady_clock::now() - timer_.expiry();
    if (late >= limit_) was_late(late);
    wait();
  });
}

void AutoPriority::was_late(Duration late) {
  sched_param parameters{};
  if (::sched_getparam(0, &parameters) != 0) return;
  const auto raised = raised_priority(parameters.sched_priority, most_);
  if (!raised) return;
  parameters.sched_priority = *raised;
  process_.rt_priority = static_cast<std::uint8_t>(*raised);
  limit_realtime(process_, log_);
  const bool done = ::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) == 0;
  log_.write(Event{done ? Level::warning : Level::error, "late",
                   done ? fmt::format("this process woke up {:.3f} s late: its realtime priority "
                                      "is {} now",
                                      in_seconds(late), *raised)
                        : fmt::format("this process woke up {:.3f} s late and cannot have the "
                                      "realtime priority {}: {}",
                                      in_seconds(late), *raised, ::strerrordesc_np(errno))});
}

}  // namespace holdfast::process
