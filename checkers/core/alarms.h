// Who wants to be called when: alarms that live in what they call, in the order of their times.
// Pure: time comes as a value.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "daemon/base/time.h"

namespace holdfast::checkers {

class Alarms;

class Alarm {
 public:
  Alarm() = default;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  /// Whatever it was set in forgets it.
  virtual ~Alarm() { cancel(); }

  /// Its time has come; it is not set any more. May destroy the alarm.
  virtual void ring() = 0;
  void cancel();
  [[nodiscard]] bool is_set() const { return alarms_ != nullptr; }
  /// Of one that is set, or the time it was last set to.
  [[nodiscard]] TimePoint at() const { return at_; }

 private:
  friend class Alarms;
  Alarms* alarms_ = nullptr;  ///< in which it is set
  TimePoint at_;
  std::size_t place_ = 0;  ///< in Alarms::heap_
};

/// A heap: setting and cancelling costs the logarithm of how many are set, and no memory.
class Alarms {
 public:
  Alarms() = default;
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;
  ~Alarms();

  /// Also one that is set already: the new time counts.
  void set(Alarm& alarm, TimePoint at);
  [[nodiscard]] std::optional<TimePoint> earliest() const;
  /// The earliest one, which is not set any more; nullptr: none is due.
  Alarm* take_due(TimePoint now);
  [[nodiscard]] bool empty() const { return heap_.empty(); }

 private:
  friend class Alarm;
  void remove(Alarm& alarm);
  void put(std::size_t place, Alarm* alarm);
  void settle(std::size_t place);

  std::vector<Alarm*> heap_;  ///< no alarm is later than those at 2n+1 and 2n+2
};

}  // namespace holdfast::checkers
