// How often another program removed the same object.
#pragma once

#include <deque>
#include <iterator>
#include <map>
#include <string>

#include "daemon/base/time.h"

namespace holdfast::vrrp {

class RemovalCount {
 public:
  static constexpr std::size_t too_many = 20;
  static constexpr Duration window = std::chrono::seconds{2};

  /// @return true when it was removed `too_many` times within the window; counting begins anew. An
  /// object counts for itself: a program that clears a whole interface once is no fight.
  bool add(const std::string& what, TimePoint now) {
    for (auto entry = removals_.begin(); entry != removals_.end();) {
      auto& past = entry->second;
      while (!past.empty() && now - past.front() >= window) past.pop_front();
      entry = past.empty() ? removals_.erase(entry) : std::next(entry);
    }
    std::deque<TimePoint>& times = removals_[what];
    times.push_back(now);
    if (times.size() < too_many) return false;
    removals_.clear();
    return true;
  }

 private:
  std::map<std::string, std::deque<TimePoint>> removals_;
};

}  // namespace holdfast::vrrp
