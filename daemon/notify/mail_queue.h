// Mails that wait for their server: bounded, several to a connection, tried again with growing
// pauses. Pure: the time comes in as a value.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/notify/mail.h"

namespace holdfast::notify {

class MailQueue {
 public:
  /// Beyond it the oldest mail goes: the newest state counts most.
  static constexpr std::size_t most_waiting = 1000;
  static constexpr std::size_t most_in_batch = 100;
  /// A mail that could not leave that often is given up: about ten minutes.
  static constexpr unsigned most_attempts = 8;
  /// Changes that come together leave together.
  static constexpr Duration gather = std::chrono::milliseconds{100};
  /// After a failure; doubled for each further one.
  static constexpr Duration first_pause = std::chrono::seconds{5};
  static constexpr Duration longest_pause = std::chrono::minutes{5};

  void add(Mail mail, TimePoint now);
  /// When take() may be called; nothing: none waits, or a batch is under way.
  [[nodiscard]] std::optional<TimePoint> due() const;
  /// The next batch, now under way.
  std::vector<Mail> take();
  /// What became of a mail of the batch.
  void settle(const Outcome& outcome);

  struct Ended {
    std::size_t given_up = 0;  ///< mails that had their last attempt
    std::size_t waiting = 0;
    std::optional<Duration> pause;  ///< until the next attempt; nothing: all is well
  };
  /// The batch is over: what was not settled is postponed.
  Ended ended(TimePoint now);
  /// No pause any more: this is the last chance.
  void hurry() { earliest_ = TimePoint{}; }
  /// How many were dropped for want of room since the last call.
  std::uint64_t take_dropped() { return std::exchange(dropped_, 0); }
  [[nodiscard]] bool is_idle() const { return waiting_.empty() && under_way_.empty(); }

 private:
  void bound();

  std::deque<Mail> waiting_;
  std::vector<std::optional<Mail>> under_way_;  ///< settled ones are empty
  TimePoint earliest_;
  unsigned failures_ = 0;     ///< of batches, in a row
  bool got_through_ = false;  ///< the server has decided on a mail of this batch
  std::uint64_t dropped_ = 0;
};

}  // namespace holdfast::notify
