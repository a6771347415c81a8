// The configuration as every process sees it: includes, comments, definitions and conditions are
// already expanded, and each line remembers the file and line it came from. The supervisor makes
// it once (expand.h), puts serialize()d bytes into a sealed memory file, and all parse those.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "daemon/base/result.h"

namespace holdfast::config {

/// How a line came to be what it is, for messages: one link of the chain that led there.
struct Via {
  enum class Kind : std::uint8_t {
    included,  ///< its file is included at `number` of `file`
    body,      ///< it belongs to the definition `text`, which is used at `number` of `file`
    replaced,  ///< `text` is how it stands in the file, before references were replaced
    written,   ///< `text` is how it stands in the file, which is YAML: the columns are the same
  };
  Kind kind = Kind::included;
  std::uint32_t file = 0, number = 0;
  std::uint32_t outer = 0;  ///< the next link: index + 1 into Text::vias, 0 for none
  std::string text;
};

struct Line {
  std::string_view text;     ///< in Text::storage
  std::uint32_t file = 0;    ///< index into Text::files
  std::uint32_t number = 0;  ///< 1-based line in that file
  std::uint32_t via = 0;     ///< index + 1 into Text::vias, 0 for none
};

/// Strings that stay where they are for as long as it lives, also when it is moved: what views may
/// point into.
class Storage {
 public:
  Storage() = default;
  Storage(Storage&&) = default;
  Storage& operator=(Storage&&) = default;
  Storage(const Storage&) = delete;  // views into the one would be taken for views into the other
  Storage& operator=(const Storage&) = delete;
  ~Storage() = default;
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

 private:
  std::deque<std::string> kept_;
};

struct Text {
  std::vector<std::string> files;
  std::vector<Line> lines;
  /// (file, line number, rule): comments `holdfast: ignore RULE` silence lint there.
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::string>> ignored{};
  std::vector<Via> vias{};  ///< only where the text is made; not in its serialized form
  Storage storage{};        ///< whole files, and single lines that are not as they stand there
};

/// Limits of one configuration; beyond them an error names the limit.
inline constexpr std::size_t max_lines = 4'000'000;
inline constexpr std::size_t max_line_length = 64 * 1024;
inline constexpr std::size_t max_text_size = 1024UL * 1024 * 1024;

std::string serialize(const Text& text);
/// Reads back what serialize() wrote. Errors: truncated or foreign bytes.
Result<Text> parse_text(std::string bytes);

}  // namespace holdfast::config
