// The configuration as every process sees it: includes, comments, definitions and conditions are
// already expanded, and each line remembers the file and line it came from. The supervisor makes
// it once (expand.h), puts serialize()d bytes into a sealed memory file, and all parse those.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace holdfast::config {

struct Line {
  std::string text;
  std::uint32_t file = 0;    ///< index into Text::files
  std::uint32_t number = 0;  ///< 1-based line in that file
};

struct Text {
  std::vector<std::string> files;
  std::vector<Line> lines;
};

/// Limits of one configuration; beyond them an error names the limit.
inline constexpr std::size_t max_lines = 4'000'000;
inline constexpr std::size_t max_line_length = 64 * 1024;

std::string serialize(const Text& text);
/// Reads back what serialize() wrote. Errors: truncated or foreign bytes.
Result<Text> parse_text(std::string_view bytes);

}  // namespace holdfast::config
