// The life of a worker: it reads the supervisor's messages and calls a Worker. Both executables
// use it, so that prepare, commit, stop and the loss of the supervisor mean the same in both.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/config/diagnostic.h"
#include "daemon/config/text.h"
#include "daemon/process/channel.h"
#include "daemon/process/messages.h"
#include "daemon/process/send_queue.h"

namespace holdfast::process {

/// What a process does with a configuration.
class Worker {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  virtual ~Worker() = default;

  /// Reads and keeps the new configuration without acting on it.
  virtual std::vector<config::Diagnostic> prepare(const config::Text& text) = 0;
  /// Acts on what prepare() kept. `settings` are the options and descriptors it came with.
  virtual Result<void> commit(const Configure& settings) = 0;
  /// Forgets what prepare() kept.
  virtual void abort() = 0;
  /// An answer of the supervisor to what this worker has asked for.
  virtual void receive(Message message) { static_cast<void>(message); }
  /// Releases everything that must not outlive the process, then calls `done`.
  virtual void stop(std::function<void()> done) = 0;
};

class WorkerLoop {
 public:
  WorkerLoop(boost::asio::io_context& context, Worker& worker, Log& log);
  /// Runs until stopped. @return the exit status
  int run();
  /// Sends to the supervisor, in order. What its queue cannot take yet waits here and is sent
  /// before run() returns.
  void send(Message message) { unsent_.send(std::move(message)); }

 private:
  void wait_for_message();
  void wait_for_time_limit();
  void drain();
  void handle(Message message);
  void handle(Configure configure);
  void commit(std::uint64_t serial);
  void stop(const char* reason);
  void finish();

  boost::asio::io_context& context_;
  Worker& worker_;
  Log& log_;
  Channel channel_;
  boost::asio::posix::stream_descriptor readable_;
  boost::asio::signal_set signals_, out_of_time_;
  std::optional<Configure> prepared_;
  SendQueue unsent_;
  bool stopping_ = false, finished_ = false;
  int status_ = 0;
};

/// Exit statuses of keepalived that a supervisor takes as permanent.
inline constexpr int exit_fatal = 1;
inline constexpr int exit_configuration = 2;
inline constexpr int exit_permission = 4;

}  // namespace holdfast::process
