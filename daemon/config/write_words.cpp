#include "daemon/config/write_words.h"

#include <algorithm>
#include <optional>

#include "daemon/config/line.h"

namespace holdfast::config {

bool needs_quotes(std::string_view word) {
  return word.empty() ||
         std::ranges::any_of(word, [](char c) { return is_blank(c) || c == '{' || c == '}'; });
}

namespace {

/// The words as they stand in the text; nothing when the text does not have them.
std::optional<std::string> as_written(Words words, std::uint32_t number, const Text& text) {
  if (number >= text.lines.size()) return std::nullopt;
  const std::string_view line = text.lines[number].text;
  const std::size_t begin = words.front().column - 1;
  const std::size_t end = words.back().end() - 1;
  if (begin >= end || end > line.size()) return std::nullopt;
  return std::string{line.substr(begin, end - begin)};
}

/// Words with single blanks between them, and quotes where they count.
std::string joined(Words words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Word& word = words[i];
    const bool joins = i > 0 && words[i - 1].end() == word.column;
    const bool is_joined = i + 1 < words.size() && word.end() == words[i + 1].column;
    if (i > 0 && !joins) out += ' ';
    const bool quotes = word.quoted && (joins || is_joined || is_for_scripts(word.text));
    const std::string_view quote = quotes || needs_quotes(word.text) ? "\"" : "";
    out += fmt::format("{0}{1}{0}", quote, word.text);
  }
  return out;
}

}  // namespace

std::string line_of(Words words, std::uint32_t number, const Text& text) {
  if (std::ranges::any_of(words, [](const Word& word) { return is_for_scripts(word.text); }))
    if (auto written = as_written(words, number, text)) return std::move(*written);
  return joined(words);
}

bool same_words(Words a, Words b) {
  return std::ranges::equal(a, b, [](const Word& x, const Word& y) {
    return x.text == y.text && (x.quoted == y.quoted || !is_for_scripts(x.text));
  });
}

}  // namespace holdfast::config
