// max_auto_priority: a process that wakes up too late gets a realtime priority, and one more each
// time that it is late again.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "daemon/base/event.h"
#include "daemon/config/global_parts.h"

namespace holdfast::process {

/// The priority of a process that was late. Nothing: it stays as it is.
/// @param current 0: it does not run under realtime @param most 1..99; less: none is wanted
std::optional<int> raised_priority(int current, int most);

class AutoPriority {
 public:
  AutoPriority(boost::asio::io_context& context, Log& log) : timer_{context}, log_{log} {}

  /// The supervisor allows as much (RLIMIT_RTPRIO). What was raised stays until the process ends.
  void configure(const config::CommonDefs& common, const config::ProcessDefs& process);

 private:
  void wait();
  void was_late(Duration late);

  boost::asio::steady_timer timer_;
  Log& log_;
  int most_ = 0;
  Duration limit_{};
  config::ProcessDefs process_;
};

}  // namespace holdfast::process
