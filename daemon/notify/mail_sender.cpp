#include "daemon/notify/mail_sender.h"

#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "daemon/notify/mail_job.h"
#include "daemon/process/clock.h"
#include "daemon/process/memfd.h"
#include "daemon/spawn.h"

namespace holdfast {

namespace asio = boost::asio;
using process::monotonic_now;

namespace {

const WorkerIdentity identity{"holdfast-mail", "holdfast-mail", {}};
/// More than any alert has; mail_text.h cuts further.
constexpr std::size_t longest_subject = 1024, longest_body = 4096;

std::string own_user() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : "root";
}

}  // namespace

MailSender::MailSender(asio::io_context& context, Log& log)
    : context_{context}, log_{log}, due_{context} {}

MailSender::~MailSender() {
  if (readable_) readable_->release();  // the descriptor is the channel's
}

void MailSender::configure(const config::GlobalDefs& globals) {
  settings_ = globals.alerts;
  router_id_ = globals.router_id;
}

void MailSender::send(process::SendMail mail) {
  if (!settings_.can_send()) return;
  mail.subject.resize(std::min(mail.subject.size(), longest_subject));
  mail.body.resize(std::min(mail.body.size(), longest_body));
  queue_.add({std::move(mail.subject), std::move(mail.body), std::time(nullptr), {}, 0},
             monotonic_now());
  tell_dropped();
  arm();
}

void MailSender::arm() {
  const auto due = queue_.due();
  if (!due) return;
  due_.expires_after(std::max(Duration{0}, *due - monotonic_now()));
  due_.async_wait([this](const boost::system::error_code& error) {
    if (!error) start();
  });
}

void MailSender::start() {
  if (!queue_.due()) return;
  trouble_.clear();
  subjects_.clear();
  auto batch = queue_.take();
  for (const notify::Mail& mail : batch) subjects_.push_back(mail.subject);
  auto spawned = settings_.can_send() ? spawn(std::move(batch))
                                      : Result<void>{fail("no server or no recipient any more")};
  if (spawned) return wait_for_outcomes();
  trouble_ = spawned.error().what;
  batch_over();
}

Result<void> MailSender::spawn(std::vector<notify::Mail> batch) {
  const notify::MailJob job{settings_.server,
                            settings_.port,
                            settings_.connect_timeout,
                            own_user(),
                            {router_id_, settings_.helo_name, settings_.from, settings_.recipients},
                            std::move(batch)};
  auto program = open_program(identity.program);
  if (!program) return tl::make_unexpected(program.error());
  auto text = process::sealed_memfd("holdfast-mail", notify::to_json(job));
  if (!text) return tl::make_unexpected(text.error());
  auto ends = process::Channel::make_pair();
  if (!ends) return tl::make_unexpected(ends.error());
  if (auto sent = ends->first.send({{"type", "mails"}}, {text->get()}); !sent) return sent;
  auto pid = spawn_worker(identity, *program, std::move(ends->second), {}, nullptr, Fd{});
  if (!pid) return tl::make_unexpected(pid.error());
  pid_ = *pid;
  channel_.emplace(std::move(ends->first));
  readable_ = std::make_unique<asio::posix::stream_descriptor>(context_, channel_->descriptor());
  return {};
}

void MailSender::wait_for_outcomes() {
  readable_->async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, pid = pid_](const boost::system::error_code& error) {
                          if (error || pid != pid_) return;
                          drain();
                        });
}

void MailSender::drain() {
  for (;;) {
    const auto packet = channel_->receive();
    if (!packet && packet.error().code == EBADMSG) continue;
    if (!packet) return;  // closed: SIGCHLD tells the rest
    if (!*packet) return wait_for_outcomes();
    if (const auto outcome = notify::outcome_from_json((*packet)->body)) settle(*outcome);
  }
}

void MailSender::settle(const notify::Outcome& outcome) {
  if (outcome.mail >= subjects_.size()) return;
  queue_.settle(outcome);
  const std::string& subject = subjects_[outcome.mail];
  if (outcome.fate == notify::Fate::postponed) {
    trouble_ = outcome.text;
  } else if (outcome.fate == notify::Fate::refused) {
    log_.write(Event{Level::warning, "mail_refused",
                     fmt::format("alert mail '{}' is refused: {}", subject, outcome.text)});
  } else if (!outcome.text.empty()) {
    log_.write(Event{Level::warning, "mail_refused",
                     fmt::format("alert mail '{}' is refused for {}", subject, outcome.text)});
  } else {
    log_.write(Event{Level::debug, "mail_sent", fmt::format("alert mail '{}' is sent", subject)});
  }
}

bool MailSender::reaped(pid_t pid, int status) {
  if (pid == 0 || pid != pid_) return false;
  drain();
  if (WIFSIGNALED(status))
    trouble_ = fmt::format("holdfast-mail was ended by signal {}", WTERMSIG(status));
  else if (WEXITSTATUS(status) != 0)
    trouble_ = fmt::format("holdfast-mail ended with status {}", WEXITSTATUS(status));
  pid_ = 0;
  readable_->release();
  readable_.reset();
  channel_.reset();
  batch_over();
  return true;
}

void MailSender::batch_over() {
  const auto ended = queue_.ended(monotonic_now());
  lost_ += ended.given_up;
  const bool gives_up = ended.pause && (finishing_ || !settings_.can_send());
  if (gives_up) queue_ = {};
  if (ended.pause && !std::exchange(in_trouble_, true))
    log_.write(Event{Level::warning, "mail_postponed",
                     gives_up
                         ? fmt::format("alert mail is lost: {}", trouble_)
                         : fmt::format("alert mail cannot leave: {}; {} wait, the next attempt "
                                       "is in {} s",
                                       trouble_, ended.waiting, in_seconds(*ended.pause))});
  if (ended.given_up > 0)
    log_.write(Event{Level::warning, "mail_lost",
                     fmt::format("{} alert mails are given up after {} attempts: {}",
                                 ended.given_up, notify::MailQueue::most_attempts, trouble_)});
  if (!ended.pause && std::exchange(in_trouble_, false))
    log_.write(
        Event{Level::notice, "mail_again",
              fmt::format("alert mail leaves again; {} were lost", std::exchange(lost_, 0))});
  tell_dropped();
  if (finishing_)
    start();
  else
    arm();
}

void MailSender::tell_dropped() {
  const std::uint64_t dropped = queue_.take_dropped();
  if (dropped == 0) return;
  constexpr std::uint64_t step = 1000;
  if (lost_ / step != (lost_ + dropped) / step || lost_ == 0)
    log_.write(Event{Level::warning, "mail_lost",
                     fmt::format("more than {} alert mails wait: the oldest are dropped, {} so far",
                                 notify::MailQueue::most_waiting, lost_ + dropped)});
  lost_ += dropped;
}

void MailSender::finish() {
  if (std::exchange(finishing_, true)) return;
  due_.cancel();
  queue_.hurry();
  start();
}

}  // namespace holdfast
