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
#include "daemon/script_process.h"
#include "daemon/script_queue.h"

namespace holdfast {

class Scripts {
 public:
  Scripts(boost::asio::io_context& context, Log& log) : context_{context}, log_{log} {}

  /// script_user and enable_script_security of the configuration in force.
  void configure(const config::GlobalDefs& globals) { rules_ = ScriptRules::of(globals); }
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
  void watch(pid_t pid, ScriptJob job);

  boost::asio::io_context& context_;
  Log& log_;
  ScriptQueue queue_;
  std::map<pid_t, Running> running_;
  ScriptRules rules_;
};

}  // namespace holdfast
