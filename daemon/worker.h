// One worker as the supervisor sees it: its process, its channel, its state table, and how it is
// started again when it dies.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/event.h"
#include "daemon/base/fd.h"
#include "daemon/base/time.h"
#include "daemon/pid_file.h"
#include "daemon/process/channel.h"
#include "daemon/process/messages.h"
#include "daemon/process/send_queue.h"
#include "daemon/spawn.h"

namespace holdfast {

/// How long to wait before a worker that died is started again. Pure.
class Backoff {
 public:
  /// @param lived how long the dead one ran. @return 0 for the first time and after a long life,
  /// then 1, 2, 4 ... 60 s
  Duration after_death(Duration lived);

 private:
  unsigned quick_deaths_ = 0;
};

class Worker {
 public:
  using OnMessage = std::function<void(Worker&, process::Message)>;
  Worker(boost::asio::io_context& context, Log& log, WorkerIdentity identity, std::string pid_path,
         OnMessage on_message);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Starts the process. @param log_environment HOLDFAST_LOG for it
  Result<void> start(const std::string& log_environment);
  /// Sends, in order; what the process cannot take yet waits. Without a process nothing happens.
  void send(process::Message message);
  /// The configuration for it to prepare.
  void configure(std::uint64_t serial, int text, process::Configure settings);
  /// The process has ended (its pid was reaped): takes what it still said, and forgets it.
  /// @return how long it lived
  Duration ended();
  /// Starts its program once to release what the dead one left in the kernel.
  Result<pid_t> release(const std::string& log_environment);
  void kill(int signal) const;
  /// From the next start on.
  void use_log_file(Fd file) { log_file_ = std::move(file); }
  /// Forgets what the process had stored: it stopped in order, nothing is to be resumed.
  void forget_state() { state_.reset(); }

  /// A process ran before and did not stop in order: the next one resumes.
  [[nodiscard]] bool has_state() const { return static_cast<bool>(state_); }
  [[nodiscard]] bool is_running() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& name() const { return identity_.program; }
  [[nodiscard]] Backoff& backoff() { return backoff_; }

 private:
  void wait_for_message();
  void drain();

  boost::asio::io_context& context_;
  Log& log_;
  WorkerIdentity identity_;
  std::string pid_path_;
  OnMessage on_message_;
  Fd program_, log_file_;
  Fd state_;
  pid_t pid_ = 0;
  TimePoint started_;
  std::optional<process::Channel> channel_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> readable_;
  std::optional<process::SendQueue> unsent_;
  std::optional<PidFile> pid_file_;
  Backoff backoff_;
};

}  // namespace holdfast
