// The order of scripts: for one object one at a time, in the order asked for, never overlapping.
// Pure: the runner (scripts.h) starts what next() returns and reports what finished.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/command.h"

namespace holdfast {

struct ScriptJob {
  std::string object;  ///< "INSTANCE VI_1"
  std::vector<std::string> argv;
  std::optional<config::ScriptUser> user;
  bool operator==(const ScriptJob&) const = default;
};

class ScriptQueue {
 public:
  /// Pending jobs of one object; beyond it the oldest pending ones are dropped, so that the newest
  /// state is always told.
  static constexpr std::size_t most_pending = 16;
  /// Objects whose script runs at the same time; others wait.
  static constexpr std::size_t most_running = 64;

  /// @return the job that had to be dropped for it, if any
  std::optional<ScriptJob> push(ScriptJob job);
  /// A job whose object has none running: the caller starts it. Nothing when none may start.
  std::optional<ScriptJob> next();
  /// The running job of the object has ended.
  void finished(const std::string& object);
  [[nodiscard]] bool is_idle() const { return objects_.empty(); }

 private:
  struct Object {
    std::deque<ScriptJob> pending;
    bool running = false;
  };
  std::map<std::string, Object> objects_;
  std::deque<std::string> ready_;  ///< objects with pending jobs and none running, oldest first
  std::size_t running_ = 0;
};

}  // namespace holdfast
