#include "daemon/worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "daemon/process/clock.h"
#include "daemon/process/state_table.h"

namespace holdfast {

namespace asio = boost::asio;

Duration Backoff::after_death(Duration lived) {
  constexpr auto long_life = std::chrono::seconds{60};  // runtime.md section 2
  if (lived >= long_life) quick_deaths_ = 0;
  const unsigned deaths = quick_deaths_++;
  // A kill now and then is not a crash loop: the first ones cost nothing.
  constexpr unsigned free_deaths = 100;
  constexpr auto quick = std::chrono::milliseconds{500};
  if (deaths == 0 || (lived >= quick && deaths < free_deaths)) return Duration{0};
  constexpr auto longest = std::chrono::seconds{60};
  return std::min<Duration>(longest, std::chrono::seconds{1U << std::min(deaths - 1, 6U)});
}

Worker::Worker(asio::io_context& context, Log& log, WorkerIdentity identity, std::string pid_path,
               OnMessage on_message)
    : context_{context},
      log_{log},
      identity_{std::move(identity)},
      pid_path_{std::move(pid_path)},
      on_message_{std::move(on_message)} {}

Worker::~Worker() {
  if (readable_) readable_->release();
}

Result<void> Worker::start(const std::string& log_environment) {
  if (!program_) {
    auto program = open_program(identity_.program);
    if (!program) return tl::make_unexpected(program.error());
    program_ = std::move(*program);
    if (::geteuid() == 0 && !has_user(identity_))
      log_.write(Event{Level::info, "no_own_user",
                       fmt::format("the user {} does not exist; {} runs as nobody", identity_.user,
                                   identity_.program)});
  }
  if (!state_) {
    auto state = process::StateTable::create(identity_.program);
    if (!state) return tl::make_unexpected(state.error());
    state_ = std::move(*state);
  }
  auto ends = process::Channel::make_pair();
  if (!ends) return tl::make_unexpected(ends.error());
  if (const std::string missing = missing_capability(identity_); !missing.empty())
    log_.write(Event{Level::error, "no_permission",
                     fmt::format("{} needs {}, which this process may not give it",
                                 identity_.program, missing)});
  auto pid = spawn_worker(identity_, program_, std::move(ends->second),
                          {"HOLDFAST_LOG=" + log_environment}, nullptr, log_file_);
  if (!pid) return tl::make_unexpected(pid.error());
  pid_ = *pid;
  started_ = process::monotonic_now();
  channel_.emplace(std::move(ends->first));
  readable_ = std::make_unique<asio::posix::stream_descriptor>(context_, channel_->descriptor());
  unsent_.emplace(*channel_, *readable_, log_, name());
  wait_for_message();
  if (pid_path_.empty()) return {};
  if (!pid_file_) {
    auto file = PidFile::lock(pid_path_);
    if (!file) {
      log_.write(Event{Level::warning, "pid_file", file.error().what});
      return {};
    }
    pid_file_.emplace(std::move(*file));
  }
  if (auto written = pid_file_->write(pid_); !written)
    log_.write(Event{Level::warning, "pid_file", written.error().what});
  return {};
}

void Worker::send(process::Message message) {
  if (unsent_) unsent_->send(std::move(message));
}

void Worker::configure(std::uint64_t serial, int text, process::Configure settings) {
  settings.serial = serial;
  settings.text = Fd{::fcntl(text, F_DUPFD_CLOEXEC, 0)};
  settings.state = Fd{::fcntl(state_.get(), F_DUPFD_CLOEXEC, 0)};
  send(process::Message{std::move(settings)});
}

Result<pid_t> Worker::release(const std::string& log_environment) {
  if (!state_ || !program_) return fail("{} left nothing behind", name());
  Fd state{::fcntl(state_.get(), F_DUPFD_CLOEXEC, 0)};
  return spawn_worker(identity_, program_, std::move(state), {"HOLDFAST_LOG=" + log_environment},
                      process::release_argument, log_file_);
}

Duration Worker::ended() {
  if (readable_) drain();
  unsent_.reset();
  if (readable_) readable_->release();
  readable_.reset();
  channel_.reset();
  pid_ = 0;
  return process::monotonic_now() - started_;
}

void Worker::kill(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

void Worker::wait_for_message() {
  readable_->async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, pid = pid_](const boost::system::error_code& error) {
                          if (!error && pid == pid_) drain();
                        });
}

void Worker::drain() {
  const pid_t pid = pid_;
  for (;;) {
    if (!channel_ || pid != pid_) return;  // a handler replaced it
    auto packet = channel_->receive();
    if (!packet && packet.error().code == EBADMSG) continue;
    if (!packet) return;  // closed: SIGCHLD tells the rest
    if (!*packet) break;
    auto message = process::parse_message(std::move(**packet));
    if (message)
      on_message_(*this, std::move(*message));
    else
      log_.write(
          Event{Level::error, "channel", fmt::format("{}: {}", name(), message.error().what)});
  }
  wait_for_message();
}

}  // namespace holdfast
