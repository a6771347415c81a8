// Counting processes for vrrp_track_process: which process is which, how many run, and what that
// says after the delays. Pure: the adapter brings what the kernel's process connector tells, and
// what stands in /proc. An event costs a look at its own process, whatever is configured.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/base/time.h"
#include "vrrp/core/tracker.h"

namespace holdfast::vrrp {

/// How parameters are compared. @source keepalived.conf(5), tried with 2.2.7
enum class ParamMatch : std::uint8_t {
  initial,  ///< the first ones, and the last of those may be only the beginning of its word
  partial,  ///< the first ones; more may follow
  exact,    ///< all of them
  ignore
};

struct ProcessSettings {
  std::string name;     ///< of the tracker
  std::string command;  ///< program name, or the first word of the command line
  std::vector<std::string> parameters;
  ParamMatch param_match = ParamMatch::ignore;
  bool full_command = false;  ///< compares the first word of the command line, not the name
  std::uint32_t quorum = 1;
  std::optional<std::uint32_t> quorum_max;
  Duration terminate_delay{0};  ///< grace after the quorum is lost
  Duration fork_delay{0};       ///< settling time after it is reached
  bool operator==(const ProcessSettings&) const = default;
};

using ProcessId = std::int32_t;

/// A process as /proc shows it.
struct ProcessImage {
  std::string name;                    ///< at most 15 characters
  std::vector<std::string> arguments;  ///< the command line; empty for a kernel thread
};

class ProcessCount {
 public:
  /// The trackers from now on; counts begin at 0, and verdicts of equal ones stay.
  void set(const std::vector<ProcessSettings>& trackers);
  /// True when any tracker looks at command lines: otherwise they need not be read.
  [[nodiscard]] bool needs_arguments() const { return needs_arguments_; }

  /// A process is there, or has become another program, or has another name.
  void seen(ProcessId pid, const ProcessImage& image);
  /// A child of `parent`: the same program until it tells otherwise.
  void forked(ProcessId parent, ProcessId child);
  void gone(ProcessId pid);
  /// Before everything is read anew.
  void clear();
  [[nodiscard]] bool counts(ProcessId pid) const { return processes_.contains(pid); }
  /// Those that are counted: what a fresh look at /proc did not find is gone.
  [[nodiscard]] std::vector<ProcessId> known() const;
  /// Changes whenever known() does.
  [[nodiscard]] std::uint64_t version() const { return version_; }

  /// Verdicts without delay: after the first look at /proc.
  void settle();
  /// Trackers whose verdict has changed by `now`; call it after events and at deadline().
  std::vector<std::string> changed(TimePoint now);
  [[nodiscard]] Reading reading(const std::string& name) const;
  [[nodiscard]] std::size_t count(const std::string& name) const;
  [[nodiscard]] std::optional<TimePoint> deadline() const;

 private:
  struct Tracker {
    ProcessSettings settings;
    std::size_t count = 0;
    Settling verdict;
    bool known = false;  ///< settle() was called
    [[nodiscard]] bool has_quorum() const;
  };
  void recount(std::size_t tracker, int by);

  std::vector<Tracker> trackers_;
  std::unordered_multimap<std::string, std::size_t> by_name_;     ///< 15 characters
  std::unordered_multimap<std::string, std::size_t> by_command_;  ///< full_command
  std::unordered_map<std::string, std::size_t> index_;
  std::unordered_map<ProcessId, std::vector<std::size_t>> processes_;  ///< only those that count
  std::set<std::size_t> touched_;  ///< count changed since changed()
  std::set<std::pair<TimePoint, std::size_t>> due_;
  bool needs_arguments_ = false;
  std::uint64_t version_ = 0;
};

}  // namespace holdfast::vrrp
