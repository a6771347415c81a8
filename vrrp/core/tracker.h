// What tracked things (interfaces, scripts, files, processes) do to an instance: they add to its
// priority, or put it in FAULT. Pure: readings in, priorities out. runtime.md section 9 of the
// reference has keepalived's arithmetic.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"

namespace holdfast::vrrp {

enum class TrackKind : std::uint8_t { interface, script, file, process, bfd };

/// One thing that an instance tracks, with the weight that counts for this instance.
struct Tracked {
  TrackKind kind = TrackKind::interface;
  std::string name;
  std::int16_t weight = 0;  ///< -254..254; 0: bad means FAULT
  bool reverse = false;     ///< good and bad change places; of a file: the sign of its number
  bool operator==(const Tracked&) const = default;
};

/// What is known about a tracked thing now.
struct Reading {
  enum class Kind : std::uint8_t {
    unknown,   ///< no result yet
    left_out,  ///< cannot be looked at: counts for nothing
    good,
    bad,
    number,  ///< of a file
  };
  Kind kind = Kind::unknown;
  std::int32_t number = 0;
  static Reading of(bool good) { return {good ? Kind::good : Kind::bad, 0}; }
  static Reading of_number(std::int32_t number) { return {Kind::number, number}; }
  bool operator==(const Reading&) const = default;
};

/// What one tracked thing does to one instance.
struct Contribution {
  std::int16_t weight = 0;
  bool fault = false;
  bool waiting = false;  ///< the instance does not start before there is a result
  bool operator==(const Contribution&) const = default;
};

/// @source keepalived: a file takes at most 253 away or adds it; what would take more is FAULT
inline constexpr int most_weight = 253;

Contribution contribution(const Tracked& tracked, const Reading& reading);

/// base + total, within 1..254; 255 never changes (RFC 9568 5.2.4: the owner's).
std::uint8_t effective_priority(std::uint8_t base, int total);

/// The contributions to one instance and their sum. A change costs the same however many there are.
class TrackedSum {
 public:
  explicit TrackedSum(std::size_t trackers = 0) : parts_(trackers) {}
  /// @return true when anything changed
  bool set(std::size_t tracker, const Contribution& now);
  [[nodiscard]] int total() const { return total_; }
  [[nodiscard]] bool is_waiting() const { return waiting_ > 0; }
  [[nodiscard]] bool has_fault() const { return faults_ > 0; }
  [[nodiscard]] const std::vector<Contribution>& parts() const { return parts_; }

 private:
  std::vector<Contribution> parts_;
  int total_ = 0;
  std::size_t faults_ = 0, waiting_ = 0;
};

/// track_damping: the first change counts at once; the ones behind it wait until the last one that
/// counted is `hold` ago, and then what is true by then counts. FAULT is not damped.
class Damper {
 public:
  /// Starts anew with this total, which is no change.
  void reset(int total) { *this = Damper{total}; }
  /// @return the total that counts
  int set(int total, TimePoint now, Duration hold);
  [[nodiscard]] int value() const { return counts_; }
  /// When a change that waits is due: call set() again then.
  [[nodiscard]] std::optional<TimePoint> due(Duration hold) const;

  explicit Damper(int total = 0) : wanted_{total}, counts_{total} {}

 private:
  int wanted_, counts_;
  std::optional<TimePoint> changed_;
};

/// A state that must last for a while until it counts (interface_up_down_delays, the delays of
/// vrrp_track_process).
class Settling {
 public:
  explicit Settling(bool state = false) : counts_{state} {}
  /// The state is `state` now and counts after `delay`, unless it changes back before.
  /// @return the state that counts
  bool set(bool state, TimePoint now, Duration delay);
  /// @return the state that counts at `now`
  bool at(TimePoint now);
  [[nodiscard]] bool counts() const { return counts_; }
  [[nodiscard]] std::optional<TimePoint> due() const { return due_; }

 private:
  bool counts_;
  std::optional<TimePoint> due_;  ///< when the opposite of counts_ counts
};

/// rise and fall of vrrp_script: how many results in a row until it changes. The first result
/// decides at once.
class ScriptHealth {
 public:
  /// @param fails init_fail: bad until the first good result
  ScriptHealth(std::uint32_t rise, std::uint32_t fall, bool fails);
  /// @return true when good became bad, bad good, or unknown either
  bool result(bool success);
  [[nodiscard]] bool has_result() const { return !first_; }
  [[nodiscard]] bool is_good() const { return counter_ >= rise_; }
  [[nodiscard]] Reading reading() const { return known_ ? Reading::of(is_good()) : Reading{}; }
  /// For a successor: the counter, and whether any result has come.
  [[nodiscard]] std::uint64_t counter() const { return counter_; }
  void resume(std::uint64_t counter);

 private:
  std::uint64_t rise_, fall_;
  std::uint64_t counter_;  ///< 0..rise+fall-1; good from `rise` on
  bool known_;             ///< a result has come, or init_fail stands for one
  bool first_ = true;      ///< no result has come
};

}  // namespace holdfast::vrrp
