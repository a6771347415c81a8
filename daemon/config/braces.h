// The braces of a line, for those who need no tree.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace holdfast::config {

/// Where the braces of a line stand that are not in quotes.
inline std::vector<std::size_t> braces_of(std::string_view line) {
  std::vector<std::size_t> braces;
  if (line.find_first_of("{}") == std::string_view::npos) return braces;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (!quoted && (line[i] == '{' || line[i] == '}')) braces.push_back(i);
  }
  return braces;
}

}  // namespace holdfast::config
