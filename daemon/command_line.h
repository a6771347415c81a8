// The command line: keepalived's letters and names (runtime.md section 1), by
// Boost.Program_options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/report.h"

namespace holdfast {

struct Options {
  std::string file = "/etc/keepalived/keepalived.conf";    ///< -f
  bool vrrp = true;                                        ///< off with -C
  bool checkers = true;                                    ///< off with -P
  bool all = false;                                        ///< --all
  bool log_console = false;                                ///< -l
  bool log_detail = false;                                 ///< -D
  int log_facility = 3 << 3;                               ///< -S: LOG_DAEMON, LOG_LOCAL0...
  bool no_syslog = false;                                  ///< -G
  bool dont_release_vrrp = false;                          ///< -V
  bool dont_release_ipvs = false;                          ///< -I
  bool dont_respawn = false;                               ///< -R
  bool foreground = false;                                 ///< -n
  std::string pid_file, vrrp_pid_file, checkers_pid_file;  ///< -p -r -c; identity.h names the rest
  std::optional<std::string> net_namespace;                ///< -s
  bool as_keepalived = false;                              ///< started under that name
  std::string config_id;                     ///< -i; default: node name to the first dot
  bool all_include_checks = false;           ///< -e
  std::optional<unsigned> umask;             ///< -u
  std::optional<std::string> config_test;    ///< -t; empty: findings go to stderr
  ReportFormat format = ReportFormat::text;  ///< --format, of what -t finds
  bool strict = false;                       ///< --strict: a warning stops the start as well
  bool core_dump = false;                    ///< -m
  std::optional<std::string> core_pattern;   ///< -M
  std::string log_file;                      ///< -g; empty: none
  bool ignore_sigint = false;                ///< --ignore-sigint
  std::vector<std::string> warnings;         ///< accepted words that do nothing here
};

/// What to do instead of running: print this and exit.
struct PrintAndExit {
  std::string text;
  int status = 0;
};

/// What stands behind `--genhash`, which must come first, or behind a link called genhash: the
/// program `holdfast` does that. Nothing: the daemon is meant. @source runtime.md 2 and 23
std::optional<std::vector<std::string>> genhash_arguments(
    const std::vector<std::string>& arguments);

/// Reads argv. Nothing in `options` when something is to be printed instead.
struct CommandLine {
  std::optional<Options> options;
  PrintAndExit print;
};
/// The node name up to its first dot: the config_id where -i gives none (grammar.md 10).
std::string node_name();
CommandLine read_command_line(const std::vector<std::string>& arguments);

}  // namespace holdfast
