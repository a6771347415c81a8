// startup_script and shutdown_script: one script that the daemon waits for, within a limit.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "daemon/base/event.h"
#include "daemon/base/time.h"
#include "daemon/script_process.h"

namespace holdfast {

class OnceScript {
 public:
  OnceScript(boost::asio::io_context& context, Log& log) : timer_{context}, log_{log} {}

  /// Calls `done` when it has ended: by itself, or since it took longer than `limit`. However it
  /// ends, the daemon goes on. @return false: it cannot be started, which is reported
  bool run(const config::Command& command, const ScriptRules& rules, Duration limit,
           std::string name, std::function<void()> done);
  /// A child has ended. @return false: it was another one
  bool reaped(pid_t pid, int status);
  /// Ends it, and everything that it has started.
  void stop();
  [[nodiscard]] bool is_running() const { return pid_ > 0; }

 private:
  boost::asio::steady_timer timer_;
  Log& log_;
  pid_t pid_ = 0;
  bool stopped_ = false;
  std::string name_;
  std::function<void()> done_;
};

}  // namespace holdfast
