// The configuration written as YAML: etc/YAML.md says how YAML stands for lines and blocks. The
// result is the Text that expand() would make, so that processes and messages know one form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/config/expand.h"

namespace holdfast::config {

/// Limits of a YAML file, besides those of Text; beyond them an error names the limit.
struct YamlLimits {
  std::size_t nodes = 16'000'000;  ///< scalars, lists and mappings
  std::size_t depth = 128;         ///< lists and mappings inside each other
  std::size_t lines = max_lines;
};

/// `name` stands for the file in messages. Never throws; what is wrong is in the diagnostics.
Expanded read_yaml(const std::string& name, std::string_view content,
                   const YamlLimits& limits = {});

}  // namespace holdfast::config
