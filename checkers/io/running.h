// What runs for one check and for one service.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkers/core/agent.h"
#include "checkers/core/alarms.h"
#include "checkers/core/findings.h"
#include "checkers/io/process.h"

namespace holdfast::checkers {

/// Shared between the process and its coroutine, which may still wait for a probe when a reload or
/// the end has dropped the check.
/// As an alarm it rings when its next probe is due; it is not set while one is under way.
struct CheckersProcess::Task : Alarm, std::enable_shared_from_this<Task> {
  Task(CheckersProcess& owner, const Health& begin) : process{owner}, health{begin} {}
  void ring() override { process.begin(shared_from_this()); }
  CheckersProcess& process;
  std::shared_ptr<const Check> check;  ///< a part of its service's configuration
  Health health;
  Findings findings;
  HealthRecord saved;  ///< what the state table has of it
  Service* service = nullptr;
  std::size_t server = 0, number = 0;
  std::shared_ptr<SharedProbe> probe;
  std::uint64_t known = 0;  ///< number of the last result of `probe`
  bool stopped = false;
  bool is_saved = false;  ///< begins with what another daemon left, without a result of its own
  bool rests = false;     ///< its service is suspended, and no probe is due
  bool running = false;   ///< its first probe has been planned
  std::string warned;     ///< the warning of its last probe
  std::optional<AgentState> agent;  ///< of an AGENT_CHECK
  /// What the agent said counts from the first moment on, whatever the weight is now.
  void settle_agent(std::uint32_t configured_weight) {
    if (agent) health.set_contribution(agent->contribution(configured_weight));
  }
};

struct CheckersProcess::Service {
  Service(std::shared_ptr<const VirtualServer> config, const std::vector<std::vector<bool>>& up,
          std::optional<bool> quorum)
      : pool{std::move(config), up, quorum} {}
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() {
    for (auto& server : tasks)
      for (auto& task : server)
        if (task && task->service == this) {
          task->stopped = true;
          task->cancel();
        }
  }
  Pool pool;
  std::vector<ipvs::ServiceKey>
      made_keys;  ///< of one with `marked`; else those of the configuration
  /// What it is in the kernel's table.
  [[nodiscard]] const std::vector<ipvs::ServiceKey>& keys() const {
    return made_keys.empty() ? pool.service().keys : made_keys;
  }
  bool suspended = false;                                 ///< by ha_suspend
  std::size_t leaving_saved = 0;                          ///< records of servers that still drain
  std::vector<std::vector<std::shared_ptr<Task>>> tasks;  ///< by server and check
};

}  // namespace holdfast::checkers
