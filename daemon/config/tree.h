// The tree of statements: words with their places, and blocks. Knows no keyword.
// grammar.md sections 3 to 6 give the rules for comments, quotes and braces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/config/diagnostic.h"
#include "daemon/config/text.h"

namespace holdfast::config {

struct Word {
  std::string text;
  std::uint32_t column = 1;
  bool quoted = false;  ///< stood in double quotes
};

/// `keyword argument... [{ statements }]`. In a value block (addresses, members) every line is a
/// statement whose first word is the value.
struct Statement {
  std::vector<Word> words;  ///< never empty
  std::uint32_t line = 0;   ///< index into Text::lines
  bool has_block = false;
  std::vector<Statement> children;

  [[nodiscard]] const std::string& keyword() const { return words.front().text; }
  [[nodiscard]] Place place(std::size_t word = 0) const {
    return {line, words[word < words.size() ? word : words.size() - 1].column};
  }
  /// Just behind the last word, where a missing argument would stand.
  [[nodiscard]] Place end() const {
    const Word& last = words.back();
    const std::size_t size = last.text.size() + (last.quoted ? 2 : 0);
    return {line, last.column + static_cast<std::uint32_t>(size)};
  }
};

/// Deepest nesting of braces that is read. @source keepalived's deepest legal nesting is 5
inline constexpr std::size_t max_depth = 32;

/// Never fails: what cannot be read is reported and left out.
std::vector<Statement> parse_tree(const Text& text, Diagnostics& diagnostics);

}  // namespace holdfast::config
