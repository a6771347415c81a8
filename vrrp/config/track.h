// What an instance or a sync group watches: references to trackers, and the trackers themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/config/global.h"
#include "daemon/config/track_file.h"
#include "vrrp/config/scripts.h"
#include "vrrp/config/words.h"
#include "vrrp/core/process_count.h"
#include "vrrp/core/tracker.h"

namespace holdfast::vrrp {

using config::TrackFile;
using config::Weight;

/// One line of track_interface, track_script and so on: `NAME [weight N [reverse|noreverse]]`.
struct TrackReference {
  std::string name;
  config::Place place;                 ///< of the name; not compared
  std::optional<std::int16_t> weight;  ///< the tracker's own, for interfaces 0, when not written
  std::optional<bool> reverse;         ///< the tracker's own when not written
  bool operator==(const TrackReference& other) const {
    return std::tie(name, weight, reverse) == std::tie(other.name, other.weight, other.reverse);
  }
};

struct Trackers {
  std::vector<TrackReference> interfaces, scripts, files, processes, bfd;
  bool operator==(const Trackers&) const = default;
};

/// vrrp_script: a command that runs again and again; exit status 0 means good.
struct TrackScript {
  std::string name;
  config::Place place;               ///< of the block
  ScriptPlace script;                ///< never empty after reading
  std::vector<std::string> command;  ///< its words: equal ones are the same script
  Duration interval = std::chrono::seconds{1};
  std::optional<Duration> timeout;         ///< default: interval
  Weight weight;                           ///< -253..253
  std::uint32_t rise = 1;                  ///< results in a row until it counts as good
  std::uint32_t fall = 1;                  ///< results in a row until it counts as bad
  std::optional<config::ScriptUser> user;  ///< default: script_user
  bool init_fail = false;                  ///< bad until the first result
};

/// vrrp_track_process: how many processes of a name run.
struct TrackProcess {
  std::string name;
  config::Place place;  ///< of the block
  std::string command;  ///< never empty after reading
  std::vector<std::string> parameters;
  ParamMatch param_match = ParamMatch::ignore;  ///< exact: the bare keyword; ignore: not written
  Weight weight;                                ///< -254..254
  std::uint16_t quorum = 1;                     ///< fewest processes
  std::optional<std::uint16_t> quorum_max;      ///< most processes; 0: it must not run
  Duration terminate_delay{0};                  ///< grace after the quorum is lost
  Duration fork_delay{0};                       ///< settling time after it is reached
  bool full_command = false;                    ///< compares the command line, not 15 characters
};

/// What is counted for it. @source keepalived 2.2.7: parameters without param_match are compared
/// exactly, and either of the two means full_command
ProcessSettings settings_of(const TrackProcess& process);

/// Appends the references of a `track_...` block.
void read_references(std::vector<TrackReference>& out, TrackKind kind,
                     const config::Statement& block, config::Reader& reader);

/// The row reader of a block of references: `read_track<Instance, TrackKind::script>`.
template <typename T, TrackKind Kind>
void read_track(T& target, const config::Row<T>&, const config::Statement& statement,
                config::Reader& reader) {
  constexpr std::vector<TrackReference> Trackers::* lists[] = {
      &Trackers::interfaces, &Trackers::scripts, &Trackers::files, &Trackers::processes,
      &Trackers::bfd};
  read_references(target.track.*lists[static_cast<std::size_t>(Kind)], Kind, statement, reader);
}

/// The trackers of a file.
struct TrackerConfig {
  std::vector<TrackScript> scripts;
  std::vector<TrackFile> files;
  std::vector<TrackProcess> processes;
};

/// Reads one top-level block if it is a tracker. What cannot work is reported and left out.
/// @return false: another keyword
bool read_tracker(TrackerConfig& out, const config::Statement& block, config::Reader& reader);
/// Reports references to trackers that are not there (warning: keepalived ignores them).
/// `owner` is "vrrp_instance NAME" or "vrrp_sync_group NAME".
void check_references(const Trackers& track, const TrackerConfig& trackers, std::string_view owner,
                      config::Reader& reader);
void describe_trackers(std::vector<config::KeywordInfo>& out);

}  // namespace holdfast::vrrp
