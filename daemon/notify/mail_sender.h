// Alert mail of one worker, in the supervisor: what waits, and the process that takes a batch of it
// to the mail server. Nothing here blocks and nothing grows without bound.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/event.h"
#include "daemon/config/global.h"
#include "daemon/notify/mail_queue.h"
#include "daemon/process/channel.h"
#include "daemon/process/messages.h"

namespace holdfast {

class MailSender {
 public:
  MailSender(boost::asio::io_context& context, Log& log);
  ~MailSender();
  MailSender(const MailSender&) = delete;
  MailSender& operator=(const MailSender&) = delete;

  /// The next batch goes where the configuration says then.
  void configure(const config::GlobalDefs& globals);
  /// Without a server or recipients nothing happens.
  void send(process::SendMail mail);
  /// A child has ended. @return true: it was ours
  bool reaped(pid_t pid, int status);
  /// What waits is tried once more, and then it is over. May be called again.
  void finish();
  [[nodiscard]] bool is_idle() const { return pid_ == 0 && queue_.is_idle(); }

 private:
  void arm();
  void start();
  Result<void> spawn(std::vector<notify::Mail> batch);
  void wait_for_outcomes();
  void drain();
  void settle(const notify::Outcome& outcome);
  void batch_over();
  void tell_dropped();

  boost::asio::io_context& context_;
  Log& log_;
  config::AlertDefs settings_;
  std::string router_id_;
  notify::MailQueue queue_;
  boost::asio::steady_timer due_;
  pid_t pid_ = 0;
  std::optional<process::Channel> channel_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> readable_;
  std::vector<std::string> subjects_;  ///< of the batch under way
  std::string trouble_;                ///< why a mail of it was postponed
  bool in_trouble_ = false;            ///< and the operator knows
  std::uint64_t lost_ = 0;             ///< dropped or given up since then
  bool finishing_ = false;
};

}  // namespace holdfast
