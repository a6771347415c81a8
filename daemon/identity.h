// Which of several daemons on one machine this is: its network namespace and its name, and what
// follows from them. They are read at the start and stay; a reload that wants others is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/command_line.h"
#include "daemon/configuration.h"

namespace holdfast {

struct Identity {
  std::string net_namespace;                      ///< empty: the one it was started in
  std::optional<std::string> net_namespace_ipvs;  ///< of the IPVS table; empty: the initial one
  std::string instance;
  bool pid_folder = false;  ///< use_pid_dir, or one of the names

  /// What log, mail and files carry in their names: "_blue_two"; empty without names.
  [[nodiscard]] std::string suffix() const;
};

/// That of the configuration; `-s` counts more than its net_namespace.
Identity identity_of(const Configuration& configuration, const Options& options);

/// Where the pid file `name` ("vrrp") of this daemon is. @source runtime.md section 4
/// @param as_keepalived the program was started under that name: the folders of keepalived
std::string pid_path(const Identity& identity, bool as_keepalived, std::string_view name);

/// Gives the pid files that the command line does not name their default names.
void name_pid_files(Options& options, const Identity& identity);

/// Enters the network namespace. Where it cannot, the configuration gets an error at the line that
/// names it, with which nothing starts.
void enter_namespace_of(const Identity& identity, Configuration& configuration);

/// An error in `next` for each part of the identity that it wants to change.
void refuse_other_identity(const Identity& running, Configuration& next, const Options& options);

}  // namespace holdfast
