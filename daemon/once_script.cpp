#include "daemon/once_script.h"

#include <sys/wait.h>

#include <csignal>
#include <utility>

namespace holdfast {

bool OnceScript::run(const config::Command& command, const ScriptRules& rules, Duration limit,
                     std::string name, std::function<void()> done) {
  const auto pid = start_script(command, rules);
  if (!pid) {
    log_.write(Event{Level::error, "script_failed", pid.error().what}.with("object", name));
    return false;
  }
  pid_ = *pid;
  stopped_ = false;
  name_ = std::move(name);
  done_ = std::move(done);
  log_.write(Event{Level::info, "script_started", fmt::format("waiting for the {}", name_)});
  timer_.expires_after(limit);
  timer_.async_wait([this, limit](const boost::system::error_code& error) {
    if (error || pid_ == 0) return;
    log_.write(
        Event{Level::error, "script_failed",
              fmt::format("the {} takes longer than {} s and is ended", name_, in_seconds(limit))});
    stop();
  });
  return true;
}

bool OnceScript::reaped(pid_t pid, int status) {
  if (pid != pid_) return false;
  pid_ = 0;
  timer_.cancel();
  if (stopped_)
    ::kill(-pid, SIGKILL);  // what it had started
  else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    log_.write(Event{Level::error, "script_failed",
                     WIFEXITED(status)
                         ? fmt::format("the {} ended with status {}", name_, WEXITSTATUS(status))
                         : fmt::format("the {} was ended by signal {}", name_, WTERMSIG(status))});
  const auto done = std::exchange(done_, nullptr);
  done();
  return true;
}

void OnceScript::stop() {
  if (pid_ == 0 || std::exchange(stopped_, true)) return;
  end_script(pid_, timer_);
}

}  // namespace holdfast
