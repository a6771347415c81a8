// Sockets and times of checks in one epoll set of their own, inside that of the process: a check
// costs few system calls, and what has come is always looked at before a limit counts.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "checkers/core/alarms.h"
#include "checkers/core/turn.h"
#include "daemon/base/fd.h"

struct epoll_event;

namespace holdfast::checkers {

/// One for each io_context, as Asio's own services are. While something is watched or set, the
/// io_context has work.
class PollSet : public boost::asio::execution_context::service {
 public:
  inline static boost::asio::execution_context::id id;

  /// Who has a descriptor in the set.
  class Watched {
   public:
    Watched() = default;
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    virtual ~Watched() = default;
    /// Something has come since the last call. May destroy it.
    /// @param events of epoll_wait(2)
    virtual void ready(std::uint32_t events) = 0;
    /// The io_context ends: whatever waits is destroyed. May destroy it.
    virtual void abandon() = 0;

   private:
    friend class PollSet;
    static constexpr std::size_t nowhere = ~std::size_t{0};
    std::size_t place_ = nowhere;  ///< in PollSet::watched_
  };

  explicit PollSet(boost::asio::io_context& context);
  ~PollSet() override;
  static PollSet& of(const boost::asio::any_io_executor& executor);

  /// Changes of what the socket is ready for are told from now on until forget().
  /// @return 0 or errno
  int watch(int descriptor, Watched& watched);
  /// The descriptor is closed behind it, which takes it out of the kernel's set.
  void forget(Watched& watched);
  /// Rings `after` from now unless something came before.
  void set_limit(Alarm& alarm, Duration after);
  /// Rings at that time or, in a loop that is late, in the order of the times.
  void set_beginning(Alarm& alarm, TimePoint at);

  /// Of the slice of the turn that runs, a few milliseconds old at most; outside of turns: now.
  [[nodiscard]] TimePoint now() const;

 private:
  void shutdown() override;
  class Port;
  void hear();
  void take_turn();
  void wait();
  void arm();

  static constexpr std::size_t batch_size = 64;
  boost::asio::posix::stream_descriptor set_;
  Fd timer_;
  std::optional<TimePoint> armed_;  ///< for when the timer is set
  Alarms limits_, beginnings_;
  std::vector<Watched*> watched_;
  std::array<Watched*, batch_size> batch_{};  ///< who is told now; nullptr: has gone
  std::array<std::uint32_t, batch_size> events_{};
  std::optional<TimePoint> now_;  ///< in a turn
  bool waiting_ = false, stopped_ = false;
};

}  // namespace holdfast::checkers
