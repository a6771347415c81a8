// What the checkers know and the next daemon shall know too: a file beside the pid file, replaced
// as a whole. It is read as foreign bytes, and ignored when it is not of this boot, of this daemon
// and of the last minutes.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace holdfast {

/// Beside the pid file: its name with `.state` in place of `.pid`.
std::string saved_state_path(std::string_view pid_file);

/// Whose state, and from when.
struct StateOrigin {
  std::string boot;                ///< random, of this boot; no line break
  std::string daemon;              ///< its pid file
  std::chrono::seconds uptime{0};  ///< of the host
  /// Those of now. @param pid_file of this daemon
  static StateOrigin here(const std::string& pid_file);
};

/// Older than it, servers have changed too much to be trusted unseen.
inline constexpr std::chrono::seconds longest_state_age{300};
/// 40,000 servers with four checks each have half of it.
inline constexpr std::size_t largest_state = std::size_t{64} << 20U;

/// The content of the file. Pure.
std::string wrapped_state(const StateOrigin& origin, std::string_view state);
/// What was wrapped. Error: damaged, or not for `now`; says why. Pure.
Result<std::string> unwrapped_state(std::string_view file, const StateOrigin& now);

/// Replaces the file (a new one, renamed).
Result<void> write_state(const std::string& path, const StateOrigin& origin,
                         std::string_view state);
/// Error with code ENOENT: there is none.
Result<std::string> read_state(const std::string& path, const StateOrigin& now);

}  // namespace holdfast
