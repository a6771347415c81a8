#include "daemon/scripts.h"

#include <fmt/ranges.h>
#include <sys/wait.h>

#include <csignal>

namespace holdfast {
namespace {

/// A notify script that takes longer than this is broken, and later states wait for it.
constexpr auto time_limit = std::chrono::seconds{60};
}  // namespace

void Scripts::run(ScriptJob job) {
  const std::string object = job.object;
  if (queue_.push(std::move(job)))
    log_.write(Event{Level::warning, "script_dropped",
                     fmt::format("scripts for {} take too long: an old one was dropped", object)}
                   .with("object", object));
  start_ready();
}

void Scripts::start_ready() {
  while (auto job = queue_.next()) {
    const auto pid = start_script({job->argv, job->user}, rules_);
    if (pid) {
      watch(*pid, std::move(*job));
      continue;
    }
    log_.write(Event{Level::error, "script_failed", pid.error().what}.with("object", job->object));
    queue_.finished(job->object);
  }
}

void Scripts::watch(pid_t pid, ScriptJob job) {
  log_.write(
      Event{Level::debug, "script_started", fmt::format("running {}", fmt::join(job.argv, " "))}
          .with("object", job.object));
  auto limit = std::make_unique<boost::asio::steady_timer>(context_, time_limit);
  limit->async_wait([this, pid](const boost::system::error_code& error) {
    const auto running = running_.find(pid);
    if (error || running == running_.end()) return;
    log_.write(Event{Level::error, "script_failed",
                     fmt::format("{} takes longer than {} s and is stopped",
                                 running->second.job.argv.front(), time_limit.count())}
                   .with("object", running->second.job.object));
    end_script(pid, *running->second.limit);
  });
  running_.emplace(pid, Running{std::move(job), std::move(limit)});
}

bool Scripts::reaped(pid_t pid, int status) {
  const auto found = running_.find(pid);
  if (found == running_.end()) return false;
  const ScriptJob job = std::move(found->second.job);
  running_.erase(found);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
    log_.write(Event{Level::warning, "script_failed",
                     fmt::format("{} exited with status {}", job.argv.front(), WEXITSTATUS(status))}
                   .with("object", job.object));
  else if (WIFSIGNALED(status))
    log_.write(Event{Level::warning, "script_failed",
                     fmt::format("{} was ended by signal {}", job.argv.front(), WTERMSIG(status))}
                   .with("object", job.object));
  queue_.finished(job.object);
  start_ready();
  return true;
}

}  // namespace holdfast
