// Runs the scripts that workers ask for: as the configured user, in order, with a time limit, and
// without a shell.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>

#include "daemon/base/event.h"
#include "daemon/config/global.h"
#include "daemon/script_queue.h"

namespace holdfast {

class Scripts {
 public:
  Scripts(boost::asio::io_context& context, Log& log) : context_{context}, log_{log} {}

  /// script_user and enable_script_security of the configuration in force.
  void configure(const config::GlobalDefs& globals) {
    default_user_ = globals.script_user;
    security_ = globals.enable_script_security;
  }
  void run(ScriptJob job);
  /// A child has ended. @return false: it was not a script
  bool reaped(pid_t pid, int status);
  [[nodiscard]] bool is_idle() const { return queue_.is_idle(); }

 private:
  struct Running {
    ScriptJob job;
    std::unique_ptr<boost::asio::steady_timer> limit;
  };
  void start_ready();
  Result<pid_t> start(const ScriptJob& job);
  void watch(pid_t pid, ScriptJob job);

  boost::asio::io_context& context_;
  Log& log_;
  ScriptQueue queue_;
  std::map<pid_t, Running> running_;
  std::optional<config::ScriptUser> default_user_;
  bool security_ = false;
};

}  // namespace holdfast
