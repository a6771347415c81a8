#include "daemon/notify_fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "daemon/base/fd.h"

namespace holdfast {

namespace asio = boost::asio;

namespace {
/// A reader that ends is started again after this long.
constexpr auto restart_after = std::chrono::seconds{5};
/// @source runtime.md section 4 of the reference, before the umask
constexpr mode_t fifo_mode = 0644;
}  // namespace

void FifoLines::add(std::string line) {
  if (waiting_.size() >= most_waiting) {
    waiting_.pop_front();
    ++dropped_;
  }
  waiting_.push_back(std::move(line));
}

NotifyFifo::NotifyFifo(asio::io_context& context, Log& log)
    : context_{context}, log_{log}, fifo_{context}, restart_{context} {}

NotifyFifo::~NotifyFifo() { close(); }

void NotifyFifo::configure(const config::NotifyFifo& settings, const config::Command* reader,
                           const ScriptRules& rules, mode_t mask) {
  std::optional<config::Command> command;
  if (reader != nullptr && !settings.path.empty()) {
    command = *reader;
    command->argv.push_back(settings.path);
  }
  const auto same_reader = [&] {
    if (command.has_value() != reader_.has_value()) return false;
    return !command || (command->argv == reader_->argv && command->user == reader_->user);
  };
  if (settings.path == settings_.path && settings.owner == settings_.owner && same_reader()) {
    settings_ = settings;  // the place of its script may be another one
    return;
  }
  finish();
  stop_reader();
  pid_ = 0;  // whatever becomes of it
  settings_ = settings;
  reader_ = std::move(command);
  rules_ = rules;
  lines_ = {};
  if (settings_.path.empty()) return;
  if (auto opened = open(mask); !opened)
    log_.write(Event{Level::error, "fifo", opened.error().what});
}

/// What is there already is used only if it is a FIFO of ours or of the configured user.
Result<void> NotifyFifo::open(mode_t mask) {
  const char* path = settings_.path.c_str();
  const mode_t before = ::umask(mask);
  made_ = ::mkfifo(path, fifo_mode) == 0;
  const int failure = errno;
  ::umask(before);
  if (!made_ && failure != EEXIST) return fail_errno(failure, "cannot make the FIFO {}", path);
  std::optional<ScriptIds> owner;
  if (settings_.owner) {
    auto ids = script_ids(*settings_.owner);
    if (!ids) return tl::make_unexpected(ids.error());
    owner = *ids;
    if (made_ && ::lchown(path, owner->user, owner->group) != 0)
      return fail_errno(errno, "cannot give the FIFO {} to {}", path, settings_.owner->user);
  }
  start_reader();
  Fd fifo{::open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)};
  struct stat status{};
  if (!fifo || ::fstat(fifo.get(), &status) != 0)
    return fail_errno(errno, "cannot open the FIFO {}", path);
  const bool is_trusted = status.st_uid == ::geteuid() || (owner && status.st_uid == owner->user);
  if (!S_ISFIFO(status.st_mode) || !is_trusted)
    return fail("{} is not a FIFO of this daemon's user or of the configured one", path);
  fifo_.assign(fifo.release());
  return {};
}

void NotifyFifo::start_reader() {
  if (!reader_ || pid_ != 0) return;
  const auto pid = start_script(*reader_, rules_);
  if (pid)
    pid_ = *pid;
  else
    log_.write(Event{Level::error, "fifo", pid.error().what});
}

void NotifyFifo::write(const std::string& line) {
  if (!fifo_.is_open()) return;
  lines_.add(line);
  if (!waiting_) flush();
  tell_dropped();
}

void NotifyFifo::flush() {
  while (!lines_.is_empty()) {
    const std::string& line = lines_.front();
    // Up to PIPE_BUF bytes go whole or not at all.
    const ssize_t written = ::write(fifo_.native_handle(), line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      waiting_ = true;
      fifo_.async_wait(asio::posix::stream_descriptor::wait_write,
                       [this](const boost::system::error_code& error) {
                         if (error) return;
                         waiting_ = false;
                         flush();
                       });
      return;
    }
    if (written < 0)
      log_.write(Event{Level::warning, "fifo",
                       fmt::format("cannot write to the FIFO {}: {}", settings_.path,
                                   ::strerrordesc_np(errno))});
    lines_.pop();
  }
  if (std::exchange(full_said_, false))
    log_.write(Event{Level::notice, "fifo", fmt::format("{} is read again", settings_.path)});
}

/// Once when it begins, and then for each thousand.
void NotifyFifo::tell_dropped() {
  if (const std::uint64_t dropped = lines_.take_dropped(); dropped > 0) {
    dropped_ += dropped;
    constexpr std::uint64_t step = 1000;
    if (std::exchange(full_said_, true) && dropped_ % step != 0) return;
    log_.write(Event{
        Level::warning, "fifo",
        fmt::format("{} is not read: {} lines of it are lost so far", settings_.path, dropped_)}
                   .with("fifo", settings_.path)
                   .with("lost", std::to_string(dropped_)));
  }
}

bool NotifyFifo::reaped(pid_t pid, int status) {
  if (pid != pid_ || pid_ == 0) return false;
  pid_ = 0;
  if (!fifo_.is_open()) return true;
  log_.write(
      Event{Level::warning, "fifo",
            fmt::format("the reader of {} ended by {} and is started again in {} s", settings_.path,
                        WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                            : fmt::format("status {}", WEXITSTATUS(status)),
                        restart_after.count())});
  restart_.expires_after(restart_after);
  restart_.async_wait([this](const boost::system::error_code& error) {
    if (!error && fifo_.is_open()) start_reader();
  });
  return true;
}

void NotifyFifo::finish() {
  if (fifo_.is_open() && !waiting_) flush();
  restart_.cancel();
  close();
}

void NotifyFifo::stop_reader() const {
  if (pid_ != 0) ::kill(-pid_, SIGTERM);
}

void NotifyFifo::close() {
  if (!fifo_.is_open()) return;
  boost::system::error_code ignored;
  fifo_.close(ignored);
  waiting_ = false;
  if (std::exchange(made_, false)) ::unlink(settings_.path.c_str());
}

}  // namespace holdfast
