// Runs the scripts that a worker wants a verdict from, one at a time for each: as the configured
// user, with a time limit. The worker says when; how it counts is the worker's business as well.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "daemon/base/event.h"
#include "daemon/base/time.h"
#include "daemon/process/messages.h"
#include "daemon/script_process.h"

namespace holdfast {

class CheckScripts {
 public:
  using Reply = std::function<void(process::CheckResult)>;
  CheckScripts(boost::asio::io_context& context, Log& log) : context_{context}, log_{log} {}

  void configure(const config::GlobalDefs& globals) { rules_ = ScriptRules::of(globals); }
  /// Starts it, or replies that it cannot be, or that the last run has not ended. A run that takes
  /// longer than `request.timeout` gets SIGTERM and 2 s later SIGKILL, with all that it started.
  /// @param key of the script, whoever asks: runs with one key never overlap
  void run(std::string key, const process::RunCheck& request, const config::Command& command,
           Reply reply);
  /// A child has ended. @return false: it was not one of these
  bool reaped(pid_t pid, int status);
  /// SIGTERM to all of them; nothing is replied any more.
  void stop();
  /// SIGKILL to those that are left, and to what they have started.
  void kill() const;
  [[nodiscard]] bool is_idle() const { return running_.empty(); }

 private:
  struct Running {
    std::string key;
    process::CheckResult result;  ///< without the outcome
    std::string program;
    Reply reply;
    std::unique_ptr<boost::asio::steady_timer> limit;
    bool stopped = false;  ///< by us: what it had started goes with it
  };
  void expired(pid_t pid);

  boost::asio::io_context& context_;
  Log& log_;
  ScriptRules rules_;
  std::map<pid_t, Running> running_;
  std::set<std::string> keys_;  ///< of those that run
};

}  // namespace holdfast
