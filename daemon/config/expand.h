// From files to one Text: includes, comments, definitions, conditions (grammar.md 2, 3, 8 to 12).
#pragma once

#include <string>

#include "daemon/config/diagnostic.h"
#include "daemon/config/source.h"
#include "daemon/config/text.h"

namespace holdfast::config {

struct ExpandOptions {
  std::string config_id;            ///< -i; for @ID lines
  bool all_include_checks = false;  ///< -e
  /// Longest chain of includes, and of definitions with several lines and sequences, that is
  /// followed.
  std::size_t max_include_depth = 64;
  Files files = file_system();
  std::size_t most_lines = max_lines;
};

struct Expanded {
  Text text;
  Diagnostics diagnostics;
  bool readable = true;  ///< false: the top-level file itself could not be read
};

/// Reads `path` and all that it includes. Never throws; what is wrong is in the diagnostics.
Expanded expand(const std::string& path, const ExpandOptions& options);

}  // namespace holdfast::config
