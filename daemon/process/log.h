// Log sinks: stderr, syslog and the journal, chosen at start by the command line.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/event.h"
#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast::process {

struct LogOptions {
  std::string identity;    ///< syslog ident: Keepalived_vrrp and friends, as keepalived
  std::string suffix;      ///< of the ident: "_NAMESPACE_INSTANCE"
  bool to_stderr = false;  ///< -l with -n
  bool to_syslog = true;   ///< not -G
  int facility = 3 << 3;   ///< LOG_DAEMON; -S
  Level threshold = Level::info;
  int file = -1;          ///< descriptor of a log file; -1: none
  std::string file_path;  ///< of the supervisor's, from which those of the workers follow
};

/// The journal is used instead of syslog where /run/systemd/journal/socket exists. Never blocks;
/// more than 200 lines of one event name within a second are counted and summarised.
std::unique_ptr<Log> make_log(LogOptions options);

/// -g: opens the log file of a process, which has `_PROCESS` and the suffix before the last dot of
/// its name. @param process "vrrp"; empty for the supervisor
Result<Fd> open_log_file(const LogOptions& options, std::string_view process);
/// Where a worker finds its log file, if it has one.
inline constexpr int log_file_fd = 5;

/// How the supervisor hands its options to a worker: environment variable HOLDFAST_LOG.
std::string to_environment(const LogOptions& options);
LogOptions from_environment(const char* value, std::string identity);

}  // namespace holdfast::process
