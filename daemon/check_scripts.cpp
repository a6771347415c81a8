#include "daemon/check_scripts.h"

#include <sys/wait.h>

#include <csignal>

namespace holdfast {

using process::CheckOutcome;
using process::CheckResult;

void CheckScripts::run(std::string key, const process::RunCheck& request,
                       const config::Command& command, Reply reply) {
  CheckResult result{request.object, request.run, CheckOutcome::busy, 0};
  if (keys_.contains(key)) return reply(result);
  const auto pid = start_script(command, rules_);
  if (!pid) {
    log_.write(
        Event{Level::error, "script_failed", pid.error().what}.with("object", request.object));
    result.outcome = CheckOutcome::refused;
    return reply(result);
  }
  auto limit = std::make_unique<boost::asio::steady_timer>(context_, request.timeout);
  limit->async_wait([this, pid = *pid](const boost::system::error_code& error) {
    if (!error) expired(pid);
  });
  keys_.insert(key);
  running_.emplace(*pid, Running{std::move(key), std::move(result), command.argv.front(),
                                 std::move(reply), std::move(limit), false});
}

/// The verdict is due now, whatever becomes of the process.
void CheckScripts::expired(pid_t pid) {
  const auto found = running_.find(pid);
  if (found == running_.end()) return;
  Running& running = found->second;
  running.stopped = true;
  end_script(pid, *running.limit);
  log_.write(Event{Level::warning, "script_timeout",
                   fmt::format("{} takes too long and is stopped", running.program)}
                 .with("object", running.result.object));
  CheckResult result = running.result;
  result.outcome = CheckOutcome::timed_out;
  if (running.reply) running.reply(result);
}

bool CheckScripts::reaped(pid_t pid, int status) {
  const auto found = running_.find(pid);
  if (found == running_.end()) return false;
  Running running = std::move(found->second);
  running_.erase(found);
  keys_.erase(running.key);
  CheckResult& result = running.result;
  if (running.stopped) {
    ::kill(-pid, SIGKILL);  // what it had started
    result.outcome = CheckOutcome::ended;
  } else if (WIFSIGNALED(status)) {
    result.outcome = CheckOutcome::signalled;
    result.code = WTERMSIG(status);
  } else {
    result.outcome = CheckOutcome::exited;
    result.code = WEXITSTATUS(status);
  }
  if (running.reply) running.reply(result);
  return true;
}

void CheckScripts::stop() {
  for (auto& [pid, running] : running_) {
    running.reply = nullptr;
    running.stopped = true;
    ::kill(-pid, SIGTERM);
  }
}

void CheckScripts::kill() const {
  for (const auto& [pid, running] : running_) ::kill(-pid, SIGKILL);
}

}  // namespace holdfast
