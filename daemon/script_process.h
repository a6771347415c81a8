// Starting one script: as the configured user, with a clean environment, in a process group of its
// own, and without a shell. runtime.md section 6 of the reference.
#pragma once

#include <sys/types.h>

#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "daemon/base/result.h"
#include "daemon/config/command.h"
#include "daemon/config/global.h"

namespace holdfast {

/// What global_defs says of scripts.
struct ScriptRules {
  std::optional<config::ScriptUser> default_user;
  bool security = false;    ///< enable_script_security
  bool keep_links = false;  ///< use_symlink_paths
  bool all_groups = false;  ///< set_supplementary_groups
  static ScriptRules of(const config::GlobalDefs& globals) {
    return {globals.script_user, globals.enable_script_security, globals.common.use_symlink_paths,
            globals.common.set_supplementary_groups};
  }
};

/// Who a script or a file belongs to.
struct ScriptIds {
  uid_t user = 0;
  gid_t group = 0;
};
/// Error: there is no such user or group.
Result<ScriptIds> script_ids(const config::ScriptUser& user);

/// SIGTERM to a script and what it started, and SIGKILL after 2 s unless `timer` is cancelled.
void end_script(pid_t pid, boost::asio::steady_timer& timer);

/// Forks and executes. Errors: the program or its user does not exist, or enable_script_security
/// forbids it. What fails behind fork() is exit status 127.
Result<pid_t> start_script(const config::Command& command, const ScriptRules& rules);

}  // namespace holdfast
