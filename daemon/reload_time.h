// Reloads that wait for their time (reload_time_file, reload_repeat), and the file that exists
// while the configuration is read (reload_file).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/system_timer.hpp>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/event.h"
#include "daemon/config/global_parts.h"
#include "daemon/file_watch.h"

namespace holdfast {

/// When a reload is due.
struct DueReload {
  std::time_t at = 0;
  bool daily = false;  ///< the text has a time of day and no date
  bool operator==(const DueReload&) const = default;
};
/// `HH:MM:SS`, `YY-MM-DD HH:MM:SS` or `YYYY-MM-DD HH:MM:SS`, with `Z` for UTC, and nothing else on
/// the first line. A time of day is the next one after `now`. Nothing: it is no such line.
/// @source keepalived.conf(5) reload_time_file
std::optional<DueReload> parse_reload_time(std::string_view text, std::time_t now);

class ReloadTime {
 public:
  ReloadTime(boost::asio::io_context& context, Log& log, std::function<void()> reload);

  /// Follows this file from now on; the one that it follows already is not read again.
  void configure(const config::ReloadDefs& settings);
  void stop();

 private:
  void plan(const std::string& text);
  void wait();
  void fire();

  Log& log_;
  std::function<void()> reload_;
  boost::asio::system_timer timer_;
  FileWatch file_;
  std::string path_, text_;
  bool repeat_ = false;
  std::optional<DueReload> due_;
};

/// reload_file without a name: beside the pid file. @source keepalived.conf(5)
std::string reload_marker_path(std::string_view pid_file, bool as_keepalived);

/// Makes an empty file, or empties the one that is there, and removes it at the end of its life.
class ReloadMarker {
 public:
  ReloadMarker(std::string path, Log& log);
  ReloadMarker(const ReloadMarker&) = delete;
  ReloadMarker& operator=(const ReloadMarker&) = delete;
  ~ReloadMarker();

 private:
  std::string path_;
};

}  // namespace holdfast
