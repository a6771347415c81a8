// The sinks. All of them write without blocking: what stderr, syslog or the journal cannot take at
// once is lost and counted, never waited for.
#include "daemon/process/log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <vector>

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
std::string journal_field(std::string_view key, std::string_view value) {
  std::string field = "HOLDFAST_";
  for (const char c : key)
    field += (c >= 'a' && c <= 'z')                               ? static_cast<char>(c - 'a' + 'A')
             : ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) ? c
                                                                  : '_';
  return field + "=" + std::string{value};
}

class Sinks : public Log {
 public:
  explicit Sinks(LogOptions options)
      : options_{std::move(options)}, journal_{::access("/run/systemd/journal/socket", W_OK) == 0} {
    if (options_.to_syslog && !journal_)
      ::openlog(options_.identity.c_str(), LOG_PID | LOG_NDELAY, options_.facility);
  }

  void write(const Event& event) override {
    if (event.level > options_.threshold || is_flooding(event)) return;
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
    if (!options_.to_syslog) return;
    if (journal_) {
      to_journal(event);
    } else {
      ::syslog(priority_of(event.level), "%s", line.c_str());
    }
  }

  void to_stderr(const std::string& line) const {
    const std::string text =
        fmt::format("{} {}[{}]: {}\n", local_time(), options_.identity, ::getpid(), line);
    // A full pipe loses the line; nobody waits for a reader.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  }

  void to_journal(const Event& event) const {
    std::vector<std::string> fields{
        "MESSAGE=" + event.text, fmt::format("PRIORITY={}", priority_of(event.level)),
        "SYSLOG_IDENTIFIER=" + options_.identity, journal_field("event", event.name)};
    for (const auto& [key, value] : event.fields) fields.push_back(journal_field(key, value));
    std::vector<iovec> parts;
    for (std::string& field : fields) parts.push_back({field.data(), field.size()});
    sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  }

  LogOptions options_;
  bool journal_;
  std::map<std::string, Rate, std::less<>> rates_;  // event names are a small fixed set
};

}  // namespace

std::unique_ptr<Log> make_log(LogOptions options) {
  return std::make_unique<Sinks>(std::move(options));
}

std::string to_environment(const LogOptions& options) {
  return fmt::format("{},{},{},{}", options.to_stderr ? 1 : 0, options.to_syslog ? 1 : 0,
                     options.facility, static_cast<int>(options.threshold));
}

LogOptions from_environment(const char* value, std::string identity) {
  LogOptions options;
  options.identity = std::move(identity);
  if (value == nullptr) {  // started by hand
    options.to_stderr = true;
    options.to_syslog = false;
    return options;
  }
  int numbers[4] = {0, 1, LOG_DAEMON, static_cast<int>(Level::info)};
  std::string_view rest{value};
  for (int& number : numbers) {
    const auto end = std::from_chars(rest.data(), rest.data() + rest.size(), number).ptr;
    rest.remove_prefix(std::min(static_cast<std::size_t>(end - rest.data()) + 1, rest.size()));
  }
  options.to_stderr = numbers[0] != 0;
  options.to_syslog = numbers[1] != 0;
  options.facility = numbers[2];
  options.threshold = static_cast<Level>(std::clamp(numbers[3], 0, static_cast<int>(Level::debug)));
  return options;
}

}  // namespace holdfast::process
