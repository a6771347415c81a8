// Starting a worker: its user, its capabilities, its end of the channel, and exec.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast {

/// What a worker may be and do. Set up in the child before exec, so it never runs as root.
struct WorkerIdentity {
  std::string program;                 ///< "holdfast-vrrp"
  std::string user;                    ///< "nobody" instead, when it does not exist
  std::vector<unsigned> capabilities;  ///< CAP_... kept; every other one is gone for good
};

/// Where the workers are: beside us in a build tree, in libexec when installed; `holdfast` in bin.
/// @return an open descriptor: a worker's own user need not be able to reach the path
Result<Fd> open_program(const std::string& name);

/// Forks and executes. @param environment NAME=VALUE additions
/// @param argument of the program; null: none
/// @param log_file which it gets as process::log_file_fd; empty: none
Result<pid_t> spawn_worker(const WorkerIdentity& identity, const Fd& program, Fd channel_end,
                           const std::vector<std::string>& environment, const char* argument,
                           const Fd& log_file);

/// A capability that the worker needs and this process cannot give it, as CAP_...; empty: none.
std::string missing_capability(const WorkerIdentity& identity);

/// True when the user of the identity exists (otherwise `nobody` is used).
bool has_user(const WorkerIdentity& identity);

}  // namespace holdfast
