// Processes as /proc shows them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "vrrp/core/process_count.h"

namespace holdfast::vrrp {

class ProcessFolder {
 public:
  explicit ProcessFolder(std::filesystem::path path = "/proc") : path_{std::move(path)} {}
  /// The processes that there are, in no order. Error: the folder cannot be read now.
  [[nodiscard]] Result<std::vector<ProcessId>> list() const;
  /// Nothing: it has ended, or cannot be seen. A zombie has ended. Error: for want of descriptors
  /// or memory nobody can tell.
  /// @param arguments true: the command line as well
  [[nodiscard]] Result<std::optional<ProcessImage>> look(ProcessId pid, bool arguments) const;

 private:
  std::filesystem::path path_;
};

/// The name and the state letter in /proc/PID/stat: `12 (name) S ...`. Nothing: not such a line.
struct ProcessStat {
  std::string name;
  char state = 0;
};
std::optional<ProcessStat> parse_process_stat(std::string_view text);
/// The words of /proc/PID/cmdline.
std::vector<std::string> parse_command_line(std::string_view text);

}  // namespace holdfast::vrrp
