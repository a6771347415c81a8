// One probe for every check that asks the same of the same target, however many services name it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "checkers/config/checks.h"
#include "checkers/core/verdict.h"
#include "checkers/io/poll_set.h"
#include "daemon/base/time.h"

namespace holdfast::checkers {

/// What a probe found.
struct ProbeResult {
  Verdict verdict;
  std::uint64_t number = 0;  ///< of one target they grow; the first is 1
  TimePoint begun, ended;
};

/// Those who share it need not be due at the same time: whoever takes a result counts its next
/// interval from that one's begin, so that they are from then on.
class SharedProbe : public std::enable_shared_from_this<SharedProbe> {
 public:
  SharedProbe(PollSet& poll_set, std::shared_ptr<const Check> check);
  [[nodiscard]] const Check& check() const { return *check_; }
  /// The same probe as another configuration has it.
  void continue_as(std::shared_ptr<const Check> check);
  /// From where the next probes go, unless the check says.
  void send_from(const IpAddress& source);

  /// A result that the caller does not have: of a probe under way, of one that began less than
  /// delay_loop ago, or of a new one.
  /// @param known number of the last result that the caller had; 0: none
  /// @param recovering the check is down
  boost::asio::awaitable<ProbeResult> next(std::uint64_t known, bool recovering);

 private:
  PollSet& poll_set_;
  std::shared_ptr<const Check> check_;
  ProbeResult last_;
  std::uint16_t sequence_ = 0;
  bool under_way_ = false;
  std::unique_ptr<boost::asio::steady_timer> finished_;  ///< cancelled at the end of a probe
};

class SharedProbes {
 public:
  /// The one for this check, which lives as long as somebody has it.
  std::shared_ptr<SharedProbe> of(const std::shared_ptr<const Check>& check, PollSet& poll_set);
  /// Forgets those that nobody has any more.
  void tidy();

 private:
  /// By a hash of the identity of the check.
  std::unordered_multimap<std::size_t, std::weak_ptr<SharedProbe>> probes_;
};

}  // namespace holdfast::checkers
