// The tree of statements: words with their places, and blocks. Knows no keyword.
// grammar.md sections 3 to 6 give the rules for comments, quotes and braces.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/config/diagnostic.h"
#include "daemon/config/text.h"

namespace holdfast::config {

struct Word {
  std::string_view text;  ///< in the storage of the Text that was parsed
  std::uint32_t column = 1;
  bool quoted = false;  ///< stood in double quotes

  /// The column behind it, and its closing quote.
  [[nodiscard]] std::uint32_t end() const {
    return column + static_cast<std::uint32_t>(text.size() + (quoted ? 2 : 0));
  }
};

/// `keyword argument... [{ statements }]`. In a value block (addresses, members) every line is a
/// statement whose first word is the value.
struct Statement {
  std::span<const Word> words;  ///< never empty
  std::uint32_t line = 0;       ///< index into Text::lines
  bool has_block = false;
  std::span<const Statement> children;

  [[nodiscard]] std::string_view keyword() const { return words.front().text; }
  [[nodiscard]] Place place(std::size_t word = 0) const {
    return {line, words[word < words.size() ? word : words.size() - 1].column};
  }
  /// Just behind the last word, where a missing argument would stand.
  [[nodiscard]] Place end() const { return {line, words.back().end()}; }
};

/// The words from `first` on, at most `count`, as a statement without a block.
Statement part_of(const Statement& statement, std::size_t first, std::size_t count);

/// A statement of words that do not stand side by side, or not so. It keeps them.
class Composed {
 public:
  Composed(std::vector<Word> words, std::uint32_t line)
      : words_{std::move(words)}, statement_{words_, line, false, {}} {}
  Composed(const Composed&) = delete;
  Composed& operator=(const Composed&) = delete;
  operator const Statement&() const { return statement_; }  // NOLINT: it is one

 private:
  std::vector<Word> words_;
  Statement statement_;
};

/// Deepest nesting of braces that is read. @source keepalived's deepest legal nesting is 5
inline constexpr std::size_t max_depth = 32;

/// All statements of a text, and the memory that their words and blocks are in. Its strings are the
/// text's: it must not outlive that.
class Tree {
 public:
  Tree() = default;
  Tree(std::unique_ptr<std::pmr::monotonic_buffer_resource> memory,
       std::span<const Statement> statements)
      : memory_{std::move(memory)}, statements_{statements} {}
  [[nodiscard]] auto begin() const { return statements_.begin(); }
  [[nodiscard]] auto end() const { return statements_.end(); }
  [[nodiscard]] std::size_t size() const { return statements_.size(); }
  [[nodiscard]] bool empty() const { return statements_.empty(); }
  const Statement& operator[](std::size_t i) const { return statements_[i]; }

 private:
  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_;
  std::span<const Statement> statements_;
};

/// Never fails: what cannot be read is reported and left out.
Tree parse_tree(const Text& text, Diagnostics& diagnostics);

}  // namespace holdfast::config
