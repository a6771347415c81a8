// A FIFO that gets a line for every change, and the script that reads it. A reader that hangs
// blocks nobody: what the FIFO cannot take waits, and beyond a bound the oldest lines are dropped,
// counted and told. runtime.md sections 7.3 to 7.5 of the reference.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/event.h"
#include "daemon/config/command.h"
#include "daemon/config/global.h"
#include "daemon/script_process.h"

namespace holdfast {

/// Lines on their way into a FIFO. Pure.
class FifoLines {
 public:
  /// The newest state counts most: beyond this the oldest line goes.
  static constexpr std::size_t most_waiting = 10'000;
  void add(std::string line);
  [[nodiscard]] bool is_empty() const { return waiting_.empty(); }
  [[nodiscard]] const std::string& front() const { return waiting_.front(); }
  void pop() { waiting_.pop_front(); }
  /// How many were dropped since the last call.
  std::uint64_t take_dropped() { return std::exchange(dropped_, 0); }

 private:
  std::deque<std::string> waiting_;
  std::uint64_t dropped_ = 0;
};

class NotifyFifo {
 public:
  NotifyFifo(boost::asio::io_context& context, Log& log);
  ~NotifyFifo();
  NotifyFifo(const NotifyFifo&) = delete;
  NotifyFifo& operator=(const NotifyFifo&) = delete;

  /// What the configuration says of it; one that did not change goes on with its reader. What
  /// cannot be used is reported, and its lines go nowhere.
  /// @param reader of its script; null: none
  /// @param mask of created files
  void configure(const config::NotifyFifo& settings, const config::Command* reader,
                 const ScriptRules& rules, mode_t mask);
  void write(const std::string& line);
  /// A child has ended. @return true: it was the reader
  bool reaped(pid_t pid, int status);
  /// The last lines are written as far as the FIFO takes them, and it is closed: a reader that has
  /// read them comes to the end.
  void finish();
  /// False while the reader runs.
  [[nodiscard]] bool is_idle() const { return pid_ == 0; }
  /// SIGTERM to the reader.
  void stop_reader() const;

 private:
  Result<void> open(mode_t mask);
  void start_reader();
  void flush();
  void tell_dropped();
  void close();

  boost::asio::io_context& context_;
  Log& log_;
  config::NotifyFifo settings_;
  std::optional<config::Command> reader_;  ///< with the path as its last argument
  ScriptRules rules_;
  boost::asio::posix::stream_descriptor fifo_;
  boost::asio::steady_timer restart_;
  FifoLines lines_;
  pid_t pid_ = 0;
  bool made_ = false;     ///< by us: it goes when we close it
  bool waiting_ = false;  ///< for room
  bool full_said_ = false;
  std::uint64_t dropped_ = 0;  ///< lines, so far
};

}  // namespace holdfast
