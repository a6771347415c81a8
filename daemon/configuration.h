// The configuration as the supervisor holds it: the expanded text, the globals, which workers it
// needs, and the scripts that workers may ask for by place.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/command_line.h"
#include "daemon/config/command.h"
#include "daemon/config/diagnostic.h"
#include "daemon/config/expand.h"
#include "daemon/config/global.h"
#include "daemon/config/root.h"
#include "daemon/file_watch.h"

namespace holdfast {

struct Configuration {
  std::uint64_t serial = 0;
  config::Text text;
  config::GlobalDefs globals;
  config::RootDefs root;
  std::map<std::string, config::Place, std::less<>> root_places;  ///< of the settings in `root`
  bool needs_vrrp = false, needs_checkers = false;
  bool tracks_processes = false;  ///< it has a vrrp_track_process
  std::map<config::Place, config::Command> scripts;
  /// What a worker may have watched, by the place of its keyword `file`.
  struct TrackedFile {
    std::string path;
    bool may_be_made = false;  ///< it has init_file
  };
  std::map<config::Place, TrackedFile> files;
  bool readable = true;                      ///< false: the top-level file could not be read
  std::vector<config::Diagnostic> findings;  ///< the supervisor's own
};

/// Reads and expands the file, and checks what belongs to the supervisor.
Configuration load_configuration(const Options& options, std::uint64_t serial);

/// What a worker asked to have watched.
struct FilesToWatch {
  std::vector<FileWatch::File> files;
  std::vector<std::string> unknown;  ///< objects whose file the configuration does not name
};
/// @param configuration of the request's serial; null: not known any more
FilesToWatch files_to_watch(const process::WatchFiles& request, const Configuration* configuration);

/// Findings of all processes in the order of the text, without repetitions.
std::vector<config::Diagnostic> in_order(std::vector<config::Diagnostic> findings);
bool has(const std::vector<config::Diagnostic>& findings, config::Severity at_least);

}  // namespace holdfast
