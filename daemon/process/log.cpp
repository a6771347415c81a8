// The sinks. All of them write without blocking: what stderr, syslog or the journal cannot take at
// once is lost and counted, never waited for.
#include "daemon/process/log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <map>
#include <utility>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/process/clock.h"

namespace holdfast::process {
namespace {

/// @source syslog(3) priorities
int priority_of(Level level) {
  switch (level) {
    case Level::error:
      return LOG_ERR;
    case Level::warning:
      return LOG_WARNING;
    case Level::notice:
      return LOG_NOTICE;
    case Level::info:
      return LOG_INFO;
    case Level::debug:
      return LOG_DEBUG;
  }
  return LOG_INFO;
}

std::string local_time() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", local.tm_year + 1900,
                     local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                     now.tv_nsec / 1000);
}

/// Field names of the journal are upper case letters, digits and underscores.
std::string journal_field(std::string_view key) {
  std::string field = "HOLDFAST_";
  for (const char c : key)
    field += (c >= 'a' && c <= 'z')                               ? static_cast<char>(c - 'a' + 'A')
             : ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) ? c
                                                                  : '_';
  return field;
}

class Sinks : public Log {
 public:
  explicit Sinks(LogOptions options)
      : options_{std::move(options)}, journal_{::access(journal_path, W_OK) == 0} {}

  void write(const Event& event) override {
    // Changes of state are never left out.
    if (event.level > options_.threshold || (event.level != Level::notice && is_flooding(event)))
      return;
    emit(event);
  }

 private:
  /// @source ours: more lines of one name in a second tell nobody anything
  static constexpr unsigned most_per_second = 200;
  struct Rate {
    TimePoint since;
    unsigned count = 0;
  };

  bool is_flooding(const Event& event) {
    const TimePoint now = monotonic_now();
    Rate& rate = rates_[event.name];
    if (now - rate.since >= std::chrono::seconds{1}) {
      const unsigned suppressed = rate.count > most_per_second ? rate.count - most_per_second : 0;
      rate = {now, 0};
      if (suppressed > 0)
        emit(Event{Level::warning, "log_suppressed",
                   fmt::format("{} lines of '{}' were not logged", suppressed, event.name)});
    }
    return ++rate.count > most_per_second;
  }

  void emit(const Event& event) {
    const std::string line = to_line(event);
    if (options_.to_stderr) to_stderr(line);
    if (options_.file >= 0) to_file(line);
    if (!options_.to_syslog) return;
    const bool taken = journal_ ? send_to(journal_path, journal_entry(event))
                                : send_to(syslog_path, syslog_line(event.level, line));
    if (!taken) ++lost_;
    if (!taken || lost_ == 0) return;
    const std::size_t lost = std::exchange(lost_, 0);
    emit(
        Event{Level::warning, "log_lost", fmt::format("{} lines were not taken by the log", lost)});
  }

  void to_stderr(const std::string& line) const {
    const std::string text =
        fmt::format("{} {}[{}]: {}\n", local_time(), options_.identity, ::getpid(), line);
    // A full pipe loses the line; nobody waits for a reader.
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  }

  /// Another process may write to the same file: one call is one line.
  void to_file(const std::string& line) const {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    tm local{};
    ::localtime_r(&now.tv_sec, &local);
    std::array<char, 32> stamp{};
    std::strftime(stamp.data(), stamp.size(), "%a %b %e %T", &local);
    const std::string text =
        fmt::format("{}.{:09} {}: {}\n", stamp.data(), now.tv_nsec, local.tm_year + 1900, line);
    [[maybe_unused]] const ssize_t written = ::write(options_.file, text.data(), text.size());
  }

  /// @source systemd.io/JOURNAL_NATIVE_PROTOCOL: NAME=value lines; a value has no line break here
  [[nodiscard]] std::string journal_entry(const Event& event) const {
    std::string entry;
    const auto add = [&](std::string_view name, std::string value) {
      std::ranges::replace(value, '\n', ' ');
      entry += fmt::format("{}={}\n", name, value);
    };
    add("MESSAGE", event.text);
    add("PRIORITY", std::to_string(priority_of(event.level)));
    add("SYSLOG_IDENTIFIER", options_.identity);
    add("SYSLOG_FACILITY", std::to_string(options_.facility >> 3));
    add(journal_field("event"), std::string{event.name});
    for (const auto& [key, value] : event.fields) add(journal_field(key), value);
    return entry;
  }

  /// @source RFC 3164 4.1 without the host name, as syslog(3) writes it
  [[nodiscard]] std::string syslog_line(Level level, const std::string& line) const {
    const std::time_t now = std::time(nullptr);
    tm local{};
    ::localtime_r(&now, &local);
    std::array<char, 32> stamp{};
    std::strftime(stamp.data(), stamp.size(), "%b %e %H:%M:%S", &local);
    return fmt::format("<{}>{} {}[{}]: {}", options_.facility | priority_of(level), stamp.data(),
                       options_.identity, ::getpid(), line);
  }

  /// One datagram, without waiting for a reader that is stuck: neither syslog(3) nor sd-journal(3)
  /// can do that. @return false when it was not taken
  bool send_to(const char* path, const std::string& text) {
    if (!socket_) socket_ = Fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return ::sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&address), sizeof address) >= 0;
  }

  static constexpr const char* journal_path = "/run/systemd/journal/socket";
  static constexpr const char* syslog_path = "/dev/log";
  Fd socket_;
  std::size_t lost_ = 0;  ///< lines that the log has not taken
  LogOptions options_;
  bool journal_;
  std::map<std::string, Rate, std::less<>> rates_;  // event names are a small fixed set
};

}  // namespace

std::unique_ptr<Log> make_log(LogOptions options) {
  options.identity += options.suffix;
  return std::make_unique<Sinks>(std::move(options));
}

Result<Fd> open_log_file(const LogOptions& options, std::string_view process) {
  std::string path = options.file_path;
  const std::size_t name = path.rfind('/') + 1;
  const std::size_t dot = std::min(path.find_last_of('.'), path.size());
  path.insert(dot > name ? dot : path.size(),
              (process.empty() ? "" : "_" + std::string{process}) + options.suffix);
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
  Fd file{::open(path.c_str(), flags, 0644)};
  if (!file) return fail_errno(errno, "cannot open the log file {}", path);
  return file;
}

std::string to_environment(const LogOptions& options) {
  return fmt::format("{},{},{},{},{},{}", options.to_stderr ? 1 : 0, options.to_syslog ? 1 : 0,
                     options.facility, static_cast<int>(options.threshold),
                     options.file >= 0 ? log_file_fd : -1, options.suffix);
}

LogOptions from_environment(const char* value, std::string identity) {
  LogOptions options;
  options.identity = std::move(identity);
  if (value == nullptr) {  // started by hand
    options.to_stderr = true;
    options.to_syslog = false;
    return options;
  }
  int numbers[5] = {0, 1, LOG_DAEMON, static_cast<int>(Level::info), -1};
  std::string_view rest{value};
  for (int& number : numbers) {
    const auto end = std::from_chars(rest.data(), rest.data() + rest.size(), number).ptr;
    rest.remove_prefix(std::min(static_cast<std::size_t>(end - rest.data()) + 1, rest.size()));
  }
  options.suffix = rest;
  // What is not open now is nobody's log file later.
  options.file = ::fcntl(numbers[4], F_GETFD) >= 0 ? numbers[4] : -1;
  options.to_stderr = numbers[0] != 0;
  options.to_syslog = numbers[1] != 0;
  options.facility = numbers[2];
  options.threshold = static_cast<Level>(std::clamp(numbers[3], 0, static_cast<int>(Level::debug)));
  return options;
}

}  // namespace holdfast::process
