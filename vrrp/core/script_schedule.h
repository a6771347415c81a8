// When which vrrp_script runs, and what its results mean. Pure: the adapter starts what due()
// returns and brings the outcomes back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/time.h"
#include "vrrp/core/tracker.h"

namespace holdfast::vrrp {

struct ScriptSettings {
  std::string name;
  std::vector<std::string> identity;  ///< command and user: equal ones keep their state
  Duration interval = std::chrono::seconds{1};
  Duration timeout = std::chrono::seconds{1};
  std::uint32_t rise = 1, fall = 1;
  bool init_fail = false;
  bool operator==(const ScriptSettings&) const = default;
};

enum class ScriptOutcome : std::uint8_t {
  good,       ///< exit status 0
  bad,        ///< another one, or ended by a signal
  timed_out,  ///< bad, and still being stopped
  ended,      ///< the run that had timed out is over
  refused,    ///< it cannot be started
};

class ScriptSchedule {
 public:
  struct Run {
    std::string name;
    std::uint64_t number = 0;
    Duration timeout{};
  };

  /// The scripts from now on. Equal ones go on; of others only the state is kept while their
  /// command and user are the same.
  void set(const std::vector<ScriptSettings>& scripts, TimePoint now);
  /// What a predecessor knew of a script.
  void resume(const std::string& name, std::uint64_t counter);
  /// Whose time has come. A script that still runs is left out, and told in `overdue`.
  std::vector<Run> due(TimePoint now, std::vector<std::string>& overdue);
  /// @return true when reading(name) has changed. Results of unknown runs are ignored.
  bool finished(const std::string& name, std::uint64_t number, ScriptOutcome outcome);
  [[nodiscard]] Reading reading(const std::string& name) const;
  /// For a successor; nothing before the first result.
  [[nodiscard]] std::optional<std::uint64_t> counter(const std::string& name) const;
  [[nodiscard]] std::optional<TimePoint> deadline() const;

 private:
  struct Script {
    ScriptSettings settings;
    ScriptHealth health;
    TimePoint next;
    std::uint64_t running = 0;  ///< number of the run; 0: none
    bool left_out = false;      ///< it could never be started
  };
  std::map<std::string, Script> scripts_;
  std::set<std::pair<TimePoint, std::string>> queue_;
  std::uint64_t last_run_ = 0;
};

}  // namespace holdfast::vrrp
