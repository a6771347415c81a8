// What is tracked: the readings of all trackers, who uses them, and when something is due. The
// arithmetic is in vrrp/core/tracker.h.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vrrp/linux/link_polling.h"
#include "vrrp/linux/links.h"
#include "vrrp/linux/running.h"

namespace holdfast::vrrp {

/// A reading and who depends on it: a change costs what its users cost, whatever else there is.
struct TrackedThing {
  Reading reading;
  std::vector<std::pair<RunningInstance*, std::size_t>> users;  ///< index into config.tracked
};

struct Tracking {
  using Key = std::pair<TrackKind, std::string>;
  std::map<Key, TrackedThing> things;
  std::map<std::string, Settling> links;         ///< interface_up_down_delays, by interface
  std::map<std::string, InterfaceDelay> delays;  ///< of those
  std::set<std::pair<TimePoint, RunningInstance*>> damped;  ///< changes that wait
  LinkPolling polling;                                      ///< linkbeat_...

  /// Why trackers of weight 0 hold the instance in FAULT.
  [[nodiscard]] std::set<std::string> faults_of(const RunningInstance& instance) const;
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  void forget(const RunningInstance& instance);
  /// What netlink says, and the driver where it is polled.
  [[nodiscard]] bool runs(const Link& link) const {
    return link.running && polling.has_link(link.name);
  }
};

}  // namespace holdfast::vrrp
