// The words between the supervisor and its workers, typed. One struct a message; to_json() and
// parse_message() are the only places that know the JSON.
//
//   supervisor                                worker
//      | -- Configure(serial, text, state) -->  |  parse and validate, keep the old
//      | <-- Prepared(serial, diagnostics) ---- |
//      | -- Commit(serial)  or  Abort(serial) ->|  apply the difference
//      | <-- Running(serial) ------------------ |  the kernel agrees; the service is ready
//      | <-- RunScript(line, state...) -------- |  any time
//      | <-- RunCheck(line, timeout) ---------- |  any time; each is answered
//      | -- CheckResult(outcome) -------------->|
//      | <-- NotifyLine(line) --------------- |  any time: for the FIFOs
//      | <-- SendMail(subject, body) ---------- |  any time: for the recipients of alerts
//      | <-- WatchFiles(lines) ---------------- |  once for each configuration
//      | -- FileContent(number) --------------->|  at once, and whenever it changes
//      | -- HandOver(name) ------------------->|  an operator asks; each is answered
//      | <-- HandedOver(done, text) ----------- |
//      | -- Operate(command, words) ---------->|  an operator asks; each is answered
//      | <-- Operated(done, text) ------------- |
//      | -- SavedState(bytes) ----------------->|  before the first Configure, if there is one
//      | <-- SavedState(bytes) ---------------- |  any time: what outlives the daemon
//      | -- Stop ------------------------------>|  release everything, then exit 0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/config/diagnostic.h"
#include "daemon/process/channel.h"

namespace holdfast::process {

/// Configure::mark of the daemon with the usual pid file.
inline constexpr std::uint8_t usual_mark = 128;

/// Descriptors: [0] the sealed configuration text, [1] the worker's state table (state_table.h),
/// then those that are needed and can be had: a socket of the kernel's process connector, and of
/// the network namespace that the IPVS table is in a generic netlink and a netfilter socket.
struct Configure {
  std::uint64_t serial = 0;
  bool restarted = false;  ///< the previous worker died: resume from the state table
  Fd text, state, processes;
  Fd ipvs, netfilter;         ///< none: the tables of the worker's own network namespace
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

/// Asks for one run of the script at `place` and for its verdict. Runs of one script never overlap.
struct RunCheck {
  std::uint64_t serial = 0;
  config::Place place;
  std::string object;     ///< comes back with the verdict: the name of the script
  std::uint64_t run = 0;  ///< comes back as well
  Duration timeout{};     ///< longer runs are ended
};
enum class CheckOutcome : std::uint8_t {
  exited,     ///< code: exit status
  signalled,  ///< code: the signal that ended it
  timed_out,  ///< it is being stopped; `ended` follows
  ended,      ///< the run that had timed out is over
  refused,    ///< it cannot be started; the log says why
  busy,       ///< an earlier run has not ended
};
struct CheckResult {
  std::string object;
  std::uint64_t run = 0;
  CheckOutcome outcome = CheckOutcome::exited;
  int code = 0;
};

/// A file whose path stands at `place` (the keyword `file` of a track_file).
struct WatchedFile {
  std::string object;  ///< comes back with the content: the name of the track_file
  config::Place place;
  std::optional<std::int32_t> init;  ///< init_file: what it gets when it is missing
  bool overwrite = false;            ///< and also when it is not
};
/// From now on these files, and no others. Each is answered at once, and again whenever its content
/// changes.
struct WatchFiles {
  std::uint64_t serial = 0;
  std::vector<WatchedFile> files;
};
struct FileContent {
  std::string object;
  std::string content;  ///< its beginning, up to what is not ASCII; empty for no file
};

/// Another router shall be Active for this instance or sync group; or, `back`: the election shall
/// be as configured again.
struct HandOver {
  std::uint64_t request = 0;  ///< comes back with the answer
  std::string object;
  bool back = false;
};
struct HandedOver {
  std::uint64_t request = 0;
  bool done = false;
  std::string text;  ///< for the operator
};

/// An operator's command about real servers: servers, drain, maint, undrain.
struct Operate {
  std::uint64_t request = 0;  ///< comes back with the answer
  std::string command;
  std::vector<std::string> words;
  /// Of servers: `stats` (what the kernel counted), `json` (the answer for programs).
  std::vector<std::string> options = {};

  [[nodiscard]] bool has(std::string_view option) const {
    return std::ranges::find(options, option) != options.end();
  }
};
/// Descriptor: the text for the operator, sealed.
struct Operated {
  std::uint64_t request = 0;
  bool done = false;
  Fd text;
};

/// What the checkers know and the next daemon shall know too. Descriptor: the bytes, sealed.
struct SavedState {
  Fd bytes;
};

/// A line for the FIFOs of this worker's events, as it is written there.
struct NotifyLine {
  std::string line;
};

/// An alert for all configured recipients.
struct SendMail {
  std::string subject;  ///< without the name of the router, which leads it
  std::string body;
};

using Message = std::variant<NotifyLine, SendMail, Configure, Prepared, Commit, Abort, Running,
                             Stop, RunScript, RunCheck, CheckResult, WatchFiles, FileContent,
                             HandOver, HandedOver, Operate, Operated, SavedState>;

Result<void> send(Channel& channel, const Message& message);
/// Error: not one of ours; says which word was wrong.
Result<Message> parse_message(Packet packet);

}  // namespace holdfast::process
