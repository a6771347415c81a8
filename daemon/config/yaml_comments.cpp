// The parser of YAML drops comments. Two steps: Scanner finds them by what a `#` can stand in
// (quotes, block scalars), and Placer puts them between the lines that were made of the file, by
// number and indentation.
#include <algorithm>
#include <map>
#include <utility>

#include "daemon/config/comments.h"
#include "daemon/config/yaml_nodes.h"

namespace holdfast::config {
namespace {

struct Raw {
  std::string text;
  std::uint32_t number = 0;
  std::size_t column = 1;
  bool alone = false;
};

class Scanner {
 public:
  std::vector<Raw> run(std::span<const std::string_view> lines) {
    for (std::size_t i = 0; i < lines.size(); ++i)
      line(lines[i], static_cast<std::uint32_t>(i + 1));
    return std::move(found_);
  }

 private:
  static constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }

  void line(std::string_view text, std::uint32_t number) {
    const std::size_t indent = text.find_first_not_of(' ');
    if (scalar_indent_ && (indent == std::string_view::npos || indent >= *scalar_indent_)) return;
    scalar_indent_.reset();
    leads_ = may_begin_ = quote_ == '\0';
    inner_ = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (quote_ != '\0') {
        skip_quoted(text, i);
      } else if (text[i] == '#' && (i == 0 || is_space(text[i - 1]))) {
        const bool alone = text.find_first_not_of(" \t-") == i;
        found_.push_back({std::string{text.substr(i + 1, longest_comment)}, number, i + 1, alone});
        return;
      } else if (!is_space(text[i])) {
        token(text, i);
      }
    }
  }

  void skip_quoted(std::string_view text, std::size_t& i) {
    if (quote_ == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote_) {
      if (quote_ == '\'' && i + 1 < text.size() && text[i + 1] == '\'')
        ++i;
      else
        quote_ = '\0';
    }
  }

  /// One character outside quotes.
  void token(std::string_view text, std::size_t i) {
    const char c = text[i];
    const bool ends = i + 1 >= text.size() || is_space(text[i + 1]);
    const bool in_flow = flow_ > 0;
    if (leads_ && c == '-' && ends) {
      inner_ = i + 1;
      return;
    }
    if (std::exchange(leads_, false)) key_ = i;
    const bool could_begin = std::exchange(may_begin_, false);
    if (could_begin && (c == '"' || c == '\'')) {
      quote_ = c;
    } else if ((could_begin || in_flow) && (c == '[' || c == '{')) {
      ++flow_;
      may_begin_ = true;
    } else if (in_flow && (c == ']' || c == '}')) {
      --flow_;
    } else if (in_flow) {
      may_begin_ = c == ',' || c == ':';
    } else if (could_begin && (c == '|' || c == '>')) {
      scalar_indent_ = inner_;
    } else if (c == ':' && ends) {
      inner_ = key_ + 1;
      may_begin_ = true;
    }
  }

  std::vector<Raw> found_;
  char quote_ = '\0';      ///< that a value is in
  std::size_t flow_ = 0;   ///< `[` and `{` that are open
  bool leads_ = true;      ///< only `-` so far on this line
  bool may_begin_ = true;  ///< a quote or block scalar can begin here
  std::size_t key_ = 0;    ///< column of the key of this line
  std::size_t inner_ = 0;  ///< least indentation of a block scalar that begins here
  /// Inside a block scalar: its lines have at least so many blanks.
  std::optional<std::size_t> scalar_indent_;
};

/// Goes through the lines with the comments at hand.
class Placer {
 public:
  Placer(const Text& text, std::span<const Raw> comments) : text_{text}, rest_{comments} {
    for (const Line& line : text.lines)
      if (opens(line)) ++blocks_[{line.number, column_of(line)}];
    find_numbers();
  }

  std::vector<Comment> run() {
    for (std::uint32_t i = 0; i < text_.lines.size(); ++i) {
      const Line& line = text_.lines[i];
      if (closes(line)) {
        ++closed_;
        continue;
      }
      while (!rest_.empty() && rest_.front().number < numbers_[i]) place_before(i);
      go_on_to(i);
    }
    while (!rest_.empty()) place_before(static_cast<std::uint32_t>(text_.lines.size()));
    return std::move(comments_);
  }

 private:
  struct Open {
    std::size_t column = 0;  ///< from which on a comment is inside
    bool repeats = false;    ///< one of several items below a key
    bool is_empty = true;
  };

  static bool closes(const Line& line) { return line.text == "}"; }
  static bool opens(const Line& line) { return std::string_view{line.text}.ends_with(" {"); }
  static std::size_t column_of(const Line& line) {
    return std::string_view{line.text}.find_first_not_of(' ') + 1;
  }

  /// The number of a line in the file; of the items below a key that of their first line.
  void find_numbers() {
    std::uint32_t furthest = 0;
    for (const Line& line : text_.lines) {
      numbers_.push_back(line.number >= furthest || closes(line) ? line.number : 0);
      furthest = std::max(furthest, line.number);
    }
    for (std::size_t i = numbers_.size(); i-- > 0;)
      if (numbers_[i] == 0 && i + 1 < numbers_.size()) numbers_[i] = numbers_[i + 1];
  }

  void place_before(std::uint32_t line) {
    const Raw& raw = rest_.front();
    rest_ = rest_.subspan(1);
    if (!raw.alone && last_ && text_.lines[*last_].number == raw.number) {
      comments_.push_back({raw.text, *last_, true, 0});
      return;
    }
    std::size_t depth = open_.size() - std::min(closed_, open_.size());
    while (depth < open_.size() && open_[depth].column <= raw.column) ++depth;
    comments_.push_back({raw.text, line, false, depth});
  }

  void go_on_to(std::uint32_t number) {
    const Line& line = text_.lines[number];
    const std::size_t column = column_of(line);
    open_.resize(open_.size() - std::min(closed_, open_.size()));
    closed_ = 0;
    last_ = number;
    if (!open_.empty() && std::exchange(open_.back().is_empty, false))
      open_.back().column = open_.back().repeats ? column : std::min(open_.back().column, column);
    if (opens(line)) open_.push_back({column + 1, blocks_[{line.number, column}] > 1});
  }

  const Text& text_;
  std::span<const Raw> rest_;
  std::map<std::pair<std::uint32_t, std::size_t>, std::size_t> blocks_;  ///< by line and column
  std::vector<std::uint32_t> numbers_;  ///< in the file, of each line of the text
  std::vector<Open> open_;              ///< blocks around the last line
  std::size_t closed_ = 0;              ///< of those, that end behind it
  std::optional<std::uint32_t> last_;
  std::vector<Comment> comments_;
};

}  // namespace

std::vector<Comment> yaml_comments(const Text& text, std::string_view content) {
  const auto lines = yaml::split_lines(content);
  const auto found = Scanner{}.run(lines);
  return Placer{text, found}.run();
}

}  // namespace holdfast::config
