// The words between the supervisor and its workers, typed. One struct a message; to_json() and
// parse_message() are the only places that know the JSON.
//
//   supervisor                                worker
//      | -- Configure(serial, text, state) -->  |  parse and validate, keep the old
//      | <-- Prepared(serial, diagnostics) ---- |
//      | -- Commit(serial)  or  Abort(serial) ->|  apply the difference
//      | <-- Running(serial) ------------------ |  the kernel agrees; the service is ready
//      | <-- RunScript(line, state...) -------- |  any time
//      | -- Stop ------------------------------>|  release everything, then exit 0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"
#include "daemon/config/diagnostic.h"
#include "daemon/process/channel.h"

namespace holdfast::process {

/// Descriptors: [0] the sealed configuration text, [1] the worker's state table (state_table.h).
struct Configure {
  std::uint64_t serial = 0;
  bool restarted = false;  ///< the previous worker died: resume from the state table
  Fd text, state;
  std::uint8_t mark = 0;      ///< of our addresses: one of its own for every pid file
  bool dont_release = false;  ///< -V for vrrp, -I for checkers: leave kernel state at stop
};
struct Prepared {
  std::uint64_t serial = 0;
  std::vector<config::Diagnostic> diagnostics;
};
struct Commit {
  std::uint64_t serial = 0;
};
struct Abort {
  std::uint64_t serial = 0;
};
struct Running {
  std::uint64_t serial = 0;
};
struct Stop {};

/// Asks for the script whose keyword stands at `place` of the expanded text of configuration
/// `serial`. The supervisor reads command, user and group from its own copy of that text, so a
/// worker can only run what the configuration names. `object` keys the order: one at a time for an
/// object.
struct RunScript {
  std::uint64_t serial = 0;
  config::Place place;
  std::string object;                  ///< "INSTANCE VI_1", "RS [10.0.0.2]:tcp:80 VS ..."
  std::vector<std::string> arguments;  ///< appended: generic notify: INSTANCE NAME STATE PRIORITY
};

using Message = std::variant<Configure, Prepared, Commit, Abort, Running, Stop, RunScript>;

Result<void> send(Channel& channel, const Message& message);
/// Error: not one of ours; says which word was wrong.
Result<Message> parse_message(Packet packet);

}  // namespace holdfast::process
