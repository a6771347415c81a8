// When an instance is in FAULT: while its set of named reasons is not empty.
#pragma once

#include <fmt/ranges.h>

#include <set>
#include <string>

namespace holdfast::vrrp {

/// Named reasons, e.g. "interface eth0 is down". Healthy when empty.
class FaultSet {
 public:
  /// @return true when this was the first reason: the instance goes to FAULT
  bool raise(std::string reason) {
    const bool was_healthy = reasons_.empty();
    reasons_.insert(std::move(reason));
    return was_healthy;
  }
  /// @return true when this was the last reason: the instance leaves FAULT
  bool clear(const std::string& reason) { return reasons_.erase(reason) == 1 && reasons_.empty(); }
  [[nodiscard]] bool is_healthy() const { return reasons_.empty(); }
  [[nodiscard]] const std::set<std::string>& reasons() const { return reasons_; }
  [[nodiscard]] std::string text() const { return fmt::format("{}", fmt::join(reasons_, "; ")); }

 private:
  std::set<std::string> reasons_;
};

}  // namespace holdfast::vrrp
