#include "daemon/config/line.h"

#include <algorithm>
#include <array>
#include <climits>

#include "daemon/config/include.h"

namespace holdfast::config {
namespace {

using std::string_view_literals::operator""sv;

bool is_directive(std::string_view text) {
  return text.starts_with('@') || !sequence_keyword(text).empty() ||
         !definition_name(text).empty() || find_include_keyword(first_word(text)) != nullptr;
}

}  // namespace

bool is_plain(std::string_view line) {
  // One look at each byte: most lines of a large configuration are plain.
  constexpr auto is_special = [] {
    std::array<bool, UCHAR_MAX + 1> special{};
    for (const char c : "#!\\$~@"sv) special[static_cast<unsigned char>(c)] = true;
    special[0] = true;  // refused
    return special;
  }();
  bool brace = false;  // and nothing behind it yet
  for (const char c : line) {
    if (is_special[static_cast<unsigned char>(c)] || (brace && !is_blank(c))) return false;
    brace = brace || c == '{' || c == '}';
  }
  line = without_leading_blanks(line);
  return !line.starts_with("include") && !line.starts_with("random_seed");
}

std::size_t comment_begin(std::string_view line) {
  // Most lines have no comment: a loop that the compiler vectorises, unlike find_first_of().
  if (std::ranges::none_of(line, [](char c) { return c == '#' || c == '!'; }))
    return std::string_view::npos;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (line[i] == '"')
      quoted = !quoted;
    else if (!quoted && (line[i] == '#' || line[i] == '!'))
      return i;
  }
  return std::string_view::npos;
}

std::string without_comment(std::string_view line) {
  line = line.substr(0, comment_begin(line));
  if (line.find('\\') == std::string_view::npos) return std::string{without_trailing_blanks(line)};
  std::string kept;
  kept.reserve(line.size());
  bool quoted = false;
  std::size_t removed = 0;  // backslashes, to be made good at the end of the word
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && i + 1 < line.size()) {
      const char escaped = line[++i];
      if (!quoted && (escaped == '#' || escaped == '!'))
        ++removed;
      else
        kept += c;
      kept += escaped;
      continue;
    }
    if (!quoted && (is_blank(c) || c == '"' || c == '{' || c == '}')) {
      kept.append(removed, ' ');
      removed = 0;
    }
    if (c == '"') quoted = !quoted;
    kept += c;
  }
  kept.resize(without_trailing_blanks(kept).size());
  return kept;
}

void note_ignored(Text& text, std::string_view comment, std::uint32_t file, std::uint32_t line) {
  const std::size_t at = comment.find(ignore_words);
  if (at == std::string_view::npos) return;
  comment.remove_prefix(at + ignore_words.size());
  for (std::string_view rule = first_word(comment); !rule.empty(); rule = first_word(comment)) {
    text.ignored.emplace(file, line, rule);
    comment.remove_prefix(static_cast<std::size_t>(rule.data() - comment.data()) + rule.size());
  }
}

bool apply_condition(std::string& line, std::string_view config_id) {
  std::string_view id = first_word(line);
  if (!id.starts_with('@')) return true;
  const auto at = static_cast<std::size_t>(id.data() - line.data());
  const std::size_t size = id.size();
  id.remove_prefix(1);
  const bool wants_other = id.starts_with('^');
  if (wants_other) id.remove_prefix(1);
  // Without an identity `@ID` never matches and `@^ID` always does.
  const bool is_ours = !config_id.empty() && id == config_id;
  if (is_ours == wants_other) return false;
  line.replace(at, size, size, ' ');
  return true;
}

std::string_view first_word(std::string_view line) {
  line = without_leading_blanks(line);
  return line.substr(0,
                     static_cast<std::size_t>(std::ranges::find_if(line, is_blank) - line.begin()));
}

std::string_view definition_name(std::string_view line) {
  line = without_leading_blanks(line);
  if (!line.starts_with('$')) return {};
  line.remove_prefix(1);
  const auto end =
      static_cast<std::size_t>(std::ranges::find_if_not(line, is_name_character) - line.begin());
  const bool starts_well = end > 0 && (line[0] < '0' || line[0] > '9');
  return starts_well && end < line.size() && line[end] == '=' ? line.substr(0, end)
                                                              : std::string_view{};
}

std::string_view sequence_keyword(std::string_view line) {
  line = without_leading_blanks(line);
  for (const std::string_view keyword : {"~SEQx"sv, "~SEQ"sv, "~LST"sv})
    if (line.starts_with(keyword) &&
        without_leading_blanks(line.substr(keyword.size())).starts_with('('))
      return line.substr(0, keyword.size());
  return {};
}

std::optional<std::size_t> directive_after_brace(std::string_view line) {
  if (std::ranges::none_of(line, [](char c) { return c == '{' || c == '}'; })) return std::nullopt;
  bool quoted = false;
  for (std::size_t i = line.find_first_of("\"{}"); i < line.size();
       i = line.find_first_of("\"{}", i + 1)) {
    if (line[i] == '"')
      quoted = !quoted;
    else if (!quoted && is_directive(without_leading_blanks(line.substr(i + 1))))
      return i + 1;
  }
  return std::nullopt;
}

}  // namespace holdfast::config
