// vrrp_track_process: looks at the processes of this host once, and from then on hears of changes.
// Where the kernel's process connector cannot be used, /proc is looked at every second.
//
//   set() ──▶ scanning, in slices ──▶ following ──events were lost──▶ scanning again after 1 s
//                                         └─ without the connector: a scan every second
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/process/repeated_line.h"
#include "vrrp/core/process_count.h"
#include "vrrp/linux/process_events.h"
#include "vrrp/linux/process_folder.h"

namespace holdfast::vrrp {

class ProcessWatch {
 public:
  /// @param tell of each tracker whose reading is new
  using Tell = std::function<void(const std::string& name, const Reading&)>;
  ProcessWatch(boost::asio::io_context& context, Log& log, Tell tell);
  ~ProcessWatch();
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  /// A socket of the supervisor's; empty: it has none. Used by the next set() that needs one.
  void use_connector(Fd socket);
  /// These trackers and no others. What is known of equal ones stays.
  void set(std::vector<ProcessSettings> trackers);
  /// Unknown until the first look has ended.
  [[nodiscard]] Reading reading(const std::string& name) const { return count_.reading(name); }

 private:
  void connect();
  void disconnect();
  void wait_for_events();
  void take_events();
  void renew_filter();
  void look(ProcessId pid);
  void begin_scan();
  void scan_slice();
  void end_scan();
  void scan_again();
  [[nodiscard]] bool is_worth_a_look(ProcessId pid);
  void tell_changes();
  void arm();

  boost::asio::io_context& context_;
  Log& log_;
  Tell tell_;
  ProcessFolder folder_;
  ProcessCount count_;
  std::vector<ProcessSettings> trackers_;
  Fd socket_;                            ///< of the supervisor, not used yet
  std::optional<ProcessEvents> events_;  ///< empty: /proc is looked at every second
  std::unique_ptr<boost::asio::posix::stream_descriptor> readable_;
  boost::asio::steady_timer events_timer_, scan_timer_, verdict_timer_;
  TimePoint last_taken_;
  std::optional<std::uint64_t> filtered_version_;  ///< of the count for which the filter was made
  std::set<ProcessId> filtered_;
  std::vector<ProcessId> to_scan_;            ///< of the scan under way, last first
  std::set<ProcessId> listed_;                ///< by the scan under way
  bool scanning_ = false, complete_ = false;  ///< complete: the counts can be believed
  unsigned scans_ = 0;
  std::unordered_map<ProcessId, unsigned> looks_;  ///< without the connector: at each process
  std::uint64_t generation_ = 0;                   ///< of set(): what was posted before is void
  bool hidden_ = false;                            ///< /proc does not show the processes of others
  bool lost_ = false;                              ///< events, since the last scan began
  RepeatedLine lost_log_;
};

}  // namespace holdfast::vrrp
