#include "daemon/reload_time.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "daemon/base/fd.h"

namespace holdfast {
namespace {

/// Two-digit numbers between separators: `12:30:05`, `26-11-21`. Nothing: it does not look so.
std::optional<std::array<int, 3>> three_numbers(std::string_view text, char separator) {
  if (text.size() != 8 || text[2] != separator || text[5] != separator) return std::nullopt;
  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const char* begin = text.data() + 3 * i;
    if (begin[0] < '0' || begin[0] > '9') return std::nullopt;
    if (std::from_chars(begin, begin + 2, numbers[i]).ptr != begin + 2) return std::nullopt;
  }
  return numbers;
}

std::time_t to_time(tm parts, bool utc) {
  parts.tm_isdst = -1;
  return utc ? ::timegm(&parts) : ::mktime(&parts);
}

}  // namespace

std::optional<DueReload> parse_reload_time(std::string_view text, std::time_t now) {
  std::string_view line = text.substr(0, text.find('\n'));
  const bool utc = line.ends_with('Z');
  if (utc) line.remove_suffix(1);
  constexpr std::size_t time_size = 8;
  if (line.size() < time_size) return std::nullopt;
  const auto time = three_numbers(line.substr(line.size() - time_size), ':');
  line.remove_suffix(time_size);
  if (!time || (*time)[0] > 23 || (*time)[1] > 59 || (*time)[2] > 59) return std::nullopt;
  tm parts{};
  utc ? ::gmtime_r(&now, &parts) : ::localtime_r(&now, &parts);
  const bool daily = line.empty();
  if (!daily) {
    if (!line.ends_with(' ')) return std::nullopt;
    line.remove_suffix(1);
    const bool has_century = line.size() == 10 && line.starts_with("20");
    const auto date = three_numbers(line.substr(has_century ? 2 : 0), '-');
    if (!date || (*date)[1] < 1 || (*date)[1] > 12 || (*date)[2] < 1 || (*date)[2] > 31)
      return std::nullopt;
    parts.tm_year = 100 + (*date)[0];
    parts.tm_mon = (*date)[1] - 1;
    parts.tm_mday = (*date)[2];
  }
  parts.tm_hour = (*time)[0];
  parts.tm_min = (*time)[1];
  parts.tm_sec = (*time)[2];
  std::time_t at = to_time(parts, utc);
  if (daily && at <= now) {
    ++parts.tm_mday;  // not a day of seconds later: the clocks may change in between
    at = to_time(parts, utc);
  }
  return DueReload{at, daily};
}

ReloadTime::ReloadTime(boost::asio::io_context& context, Log& log, std::function<void()> reload)
    : log_{log},
      reload_{std::move(reload)},
      timer_{context},
      file_{context, log, [this](const process::FileContent& found) { plan(found.content); }} {}

void ReloadTime::configure(const config::ReloadDefs& settings) {
  repeat_ = settings.repeat;
  if (std::exchange(path_, settings.time_file) == settings.time_file) return;
  std::vector<FileWatch::File> files;
  if (path_.empty())
    plan({});
  else
    files.push_back({"reload_time_file", path_, std::nullopt, false});
  file_.watch(std::move(files));
}

void ReloadTime::stop() {
  timer_.cancel();
  due_.reset();
}

void ReloadTime::plan(const std::string& text) {
  const std::time_t now = std::time(nullptr);
  const bool was_due = due_.has_value();
  stop();
  text_ = text;
  if (text.empty()) {
    if (was_due) log_.write(Event{Level::info, "reload_time", "The reload that was due is off"});
    return;
  }
  due_ = parse_reload_time(text, now);
  if (!due_ || due_->at <= now) {
    log_.write(Event{
        Level::warning, "reload_time",
        fmt::format("{}: '{}' is {}; nothing is reloaded", path_, text.substr(0, text.find('\n')),
                    due_ ? "in the past" : "not a time such as 23:59:59 or 2030-12-31 23:59:59Z")});
    due_.reset();
    return;
  }
  log_.write(
      Event{Level::info, "reload_time", fmt::format("A reload is due in {} s", due_->at - now)});
  wait();
}

void ReloadTime::wait() {
  timer_.expires_at(std::chrono::system_clock::from_time_t(due_->at));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && due_) fire();
  });
}

void ReloadTime::fire() {
  const DueReload due = *std::exchange(due_, std::nullopt);
  if (!repeat_ || !due.daily)
    ::unlink(path_.c_str());  // a time of day would be due again tomorrow
  else if ((due_ = parse_reload_time(text_, due.at)))
    wait();
  reload_();
}

std::string reload_marker_path(std::string_view pid_file, bool as_keepalived) {
  const std::size_t slash = pid_file.rfind('/');
  const std::string folder{pid_file.substr(0, slash == std::string_view::npos ? 0 : slash + 1)};
  return folder + (as_keepalived ? "keepalived.reload" : "holdfast.reload");
}

ReloadMarker::ReloadMarker(std::string path, Log& log) : path_{std::move(path)} {
  const Fd file{::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644)};
  if (!file)
    log.write(Event{Level::warning, "reload_file",
                    fmt::format("cannot make {}: {}", path_, ::strerrordesc_np(errno))});
}

ReloadMarker::~ReloadMarker() { ::unlink(path_.c_str()); }

}  // namespace holdfast
