// Two steps: a line is cut into words and braces (Scanner), and those are nested (Builder).
#include "daemon/config/tree.h"

#include <algorithm>
#include <optional>

namespace holdfast::config {
namespace {

/// Bytes that the first piece of a tree's memory has; the next ones double.
constexpr std::size_t first_block = 4096;

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\f' || c == '\n' || c == '\r' || c == '\v';
}

struct Token {
  enum class Kind : std::uint8_t { word, open, close } kind = Kind::word;
  Word word;
};

/// Cuts one line into tokens (grammar.md 4.1 and 5). A quote in the middle of a word splits it.
class Scanner {
 public:
  Scanner(std::string_view line, std::uint32_t number, Diagnostics& diagnostics)
      : line_{line}, number_{number}, diagnostics_{diagnostics} {}

  std::optional<Token> next() {
    while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
    if (at_ >= line_.size()) return std::nullopt;
    const auto column = static_cast<std::uint32_t>(at_ + 1);
    switch (line_[at_]) {
      case '{':
        ++at_;
        return Token{Token::Kind::open, {"{", column, false}};
      case '}':
        ++at_;
        return Token{Token::Kind::close, {"}", column, false}};
      case '"':
        return quoted(column);
      default:
        return Token{Token::Kind::word, bare(column)};
    }
  }

 private:
  /// A quote that is never closed takes the rest of the line with it (grammar.md 4.1).
  std::optional<Token> quoted(std::uint32_t column) {
    const std::size_t end = line_.find('"', at_ + 1);
    if (end == std::string_view::npos) {
      diagnostics_.add(Severity::warning, {number_, column},
                       "this quote is never closed: the rest of the line is ignored");
      at_ = line_.size();
      return std::nullopt;
    }
    const Word word{line_.substr(at_ + 1, end - at_ - 1), column, true};
    at_ = end + 1;
    return Token{Token::Kind::word, word};
  }
  Word bare(std::uint32_t column) {
    const std::size_t begin = at_;
    while (at_ < line_.size() && !is_blank(line_[at_]) && line_[at_] != '{' && line_[at_] != '}' &&
           line_[at_] != '"')
      ++at_;
    return {line_.substr(begin, at_ - begin), column, false};
  }

  std::string_view line_;
  std::uint32_t number_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
};

/// Nests statements. `open_` holds the blocks that are not closed yet, innermost last.
class Builder {
 public:
  Builder(const Text& text, Diagnostics& diagnostics) : text_{text}, diagnostics_{diagnostics} {}

  void line(std::uint32_t number) {
    Scanner scanner{text_.lines[number].text, number, diagnostics_};
    bool continues = false;  // the words so far on this line belong to one statement
    const auto end_statement = [&] {
      if (std::exchange(continues, false)) current().back().words = store<Word>(words_);
    };
    while (auto token = scanner.next()) {
      if (token->kind == Token::Kind::open) {
        end_statement();
        open(number, token->word.column);
      } else if (token->kind == Token::Kind::close) {
        end_statement();
        close(number, token->word.column);
      } else if (depth_beyond_ > 0) {
        continue;
      } else if (continues) {
        words_.push_back(token->word);
      } else {
        words_.assign(1, token->word);
        current().push_back({.words = {}, .line = number, .children = {}});
        continues = may_open_ = true;
      }
    }
    end_statement();
  }

  Tree finish() {
    if (!open_.empty()) report_unclosed();
    while (!open_.empty()) pop();
    const auto statements = store<Statement>(levels_[0]);
    return {std::move(memory_), statements};
  }

 private:
  struct Frame {
    Place place;
    std::string_view keyword;
    bool skipped = false;  ///< without a keyword: read, reported, thrown away
  };
  /// A block that seems to begin outside the one it is in.
  struct Suspect {
    Place place;
    std::string_view keyword, outer_keyword;
    std::uint32_t outer_line;
  };

  /// The statements so far of the innermost block that is open.
  std::vector<Statement>& current() { return levels_[open_.size()]; }

  template <typename T>
  std::span<const T> store(const std::vector<T>& items) {
    if (items.empty()) return {};
    auto* const at = static_cast<T*>(memory_->allocate(items.size() * sizeof(T), alignof(T)));
    std::ranges::uninitialized_copy(items, std::span{at, items.size()});
    return {at, items.size()};
  }

  void open(std::uint32_t number, std::uint32_t column) {
    const bool expected = may_open_ && !current().empty() && !current().back().has_block;
    may_open_ = false;
    const Place place = expected ? current().back().place() : Place{number, column};
    if (depth_beyond_ > 0 || open_.size() >= max_depth) {
      if (depth_beyond_++ == 0)
        diagnostics_.add(Severity::error, place,
                         fmt::format("blocks are nested more than {} deep", max_depth));
      return;
    }
    if (expected) {
      suspect(current().back());
      current().back().has_block = true;
    } else {
      diagnostics_.add(Severity::warning, place,
                       "'{' without a keyword before it: ignored with its block");
    }
    open_.push_back({place, expected ? current().back().keyword() : "", !expected});
    current().clear();
  }

  void close(std::uint32_t number, std::uint32_t column) {
    may_open_ = false;
    if (depth_beyond_ > 0) {
      --depth_beyond_;
    } else if (open_.empty()) {
      diagnostics_.add(Severity::warning, {number, column}, "'}' without an open block: ignored");
    } else {
      pop();
    }
  }

  void pop() {
    const bool skipped = open_.back().skipped;
    const std::span<const Statement> children =
        skipped ? std::span<const Statement>{} : store<Statement>(current());
    open_.pop_back();
    if (!skipped) current().back().children = children;
  }

  /// Remembers the first block whose indentation says that a '}' is missing before it. Only told
  /// when one is missing indeed.
  void suspect(const Statement& statement) {
    if (suspect_ || open_.empty()) return;
    const Frame& outer = open_.back();
    const std::uint32_t column = statement.place().column;
    const bool is_indented = current().front().place().column > outer.place.column;
    if (statement.line == outer.place.line || column > outer.place.column ||
        (column == outer.place.column && !is_indented))
      return;
    suspect_ = Suspect{statement.place(), statement.keyword(), outer.keyword, outer.place.line};
  }

  void report_unclosed() {
    for (const Frame& frame : open_)
      if (!frame.skipped)
        diagnostics_.add(
            Severity::warning, frame.place,
            fmt::format("the block of '{}' that begins here is never closed", frame.keyword));
    if (suspect_)
      diagnostics_.add(Severity::warning, suspect_->place,
                       fmt::format("'{}' begins here while the block of '{}' (line {}) is still "
                                   "open: a '}}' seems to be missing before it",
                                   suspect_->keyword, suspect_->outer_keyword,
                                   text_.lines[suspect_->outer_line].number));
  }

  const Text& text_;
  Diagnostics& diagnostics_;
  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_ =
      std::make_unique<std::pmr::monotonic_buffer_resource>(first_block);
  std::vector<Frame> open_;
  /// By depth, the top level first: used again by the next block of the same depth.
  std::array<std::vector<Statement>, max_depth + 1> levels_;
  std::vector<Word> words_;  ///< of the statement that is being read
  std::optional<Suspect> suspect_;
  std::size_t depth_beyond_ = 0;
  bool may_open_ = false;  ///< the last thing read was a keyword, so '{' may follow
};

}  // namespace

Statement part_of(const Statement& statement, std::size_t first, std::size_t count) {
  const std::size_t behind = statement.words.size() - first;
  return {statement.words.subspan(first, std::min(count, behind)), statement.line, false, {}};
}

Tree parse_tree(const Text& text, Diagnostics& diagnostics) {
  Builder builder{text, diagnostics};
  for (std::uint32_t number = 0; number < text.lines.size(); ++number) builder.line(number);
  return builder.finish();
}

}  // namespace holdfast::config
