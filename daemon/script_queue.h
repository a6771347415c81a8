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
  bool urgent = false;  ///< of VRRP: does not wait behind those of real servers
  bool operator==(const ScriptJob&) const = default;
};

class ScriptQueue {
 public:
  /// Pending jobs of one object; beyond it the oldest pending ones are dropped, so that the newest
  /// state is always told.
  static constexpr std::size_t most_pending = 16;
  /// Objects whose script runs at the same time, urgent ones apart; others wait.
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
    bool urgent = false;
  };
  /// Objects with pending jobs and none running, oldest first, and how many are running.
  struct Lane {
    std::deque<std::string> ready;
    std::size_t running = 0;
  };
  Lane& lane_of(const Object& object) { return object.urgent ? urgent_ : usual_; }

  std::map<std::string, Object> objects_;
  Lane urgent_, usual_;
};

}  // namespace holdfast
