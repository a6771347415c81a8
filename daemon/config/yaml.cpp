// Makes lines from the nodes of a YAML file (yaml_nodes.h).
#include "daemon/config/yaml.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "daemon/config/line.h"
#include "daemon/config/secret.h"
#include "daemon/config/write_words.h"
#include "daemon/config/yaml_nodes.h"

namespace holdfast::config {
namespace {

using yaml::Node;
using yaml::Nodes;
using yaml::Problem;

/// Deepest column that a line of the Text keeps; further to the right it is not exact.
constexpr std::size_t furthest_column = 256;
/// Longest line of the file that messages quote.
constexpr std::size_t longest_quoted_line = 4096;

std::string in_quotes(std::string_view word) { return fmt::format("\"{}\"", word); }

/// What cannot stand in a line of the tree, whatever the quotes.
Result<void> check_characters(std::string_view text) {
  if (text.find('\n') != std::string_view::npos)
    return fail("a value is one line: write a long one with '>-', which joins lines");
  if (text.find('\0') != std::string_view::npos) return fail("a value cannot hold a NUL byte");
  return {};
}

/// A scalar that is one word, as the tree reads it.
Result<std::string> one_word(std::string_view text, bool quoted) {
  if (const auto fine = check_characters(text); !fine) return tl::make_unexpected(fine.error());
  if (text.find('"') != std::string_view::npos)
    return fail("one word cannot hold a '\"': the configuration language has no way to write it");
  // Only scripts tell '\'' and '\\' in quotes from those outside (command.h).
  const bool keep = quoted && text.find_first_of("'\\") != std::string_view::npos;
  return keep || needs_quotes(text) ? in_quotes(text) : std::string{text};
}

/// A scalar that is read as keepalived.conf would: words between blanks, and `"` around a word.
Result<std::string> several_words(std::string_view text) {
  if (const auto fine = check_characters(text); !fine) return tl::make_unexpected(fine.error());
  if (std::ranges::count(text, '"') % 2 != 0) return fail("a '\"' in this text is never closed");
  bool inside = false;
  bool braces = false;
  for (const char c : text) {
    if (c == '"') inside = !inside;
    braces = braces || (!inside && (c == '{' || c == '}'));
  }
  if (!braces) return std::string{text};
  if (text.find_first_of("\"'") != std::string_view::npos)
    return fail("a brace must stand inside the '\"' of its word");
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    if (is_blank(text[i])) {
      out += text[i++];
      continue;
    }
    while (i < text.size() && !is_blank(text[i])) ++i;
    const std::string_view word = text.substr(begin, i - begin);
    out += needs_quotes(word) ? in_quotes(word) : std::string{word};
  }
  return out;
}

/// What stands behind a keyword. Quotes make one word; text that holds a `"` has its own.
Result<std::string> value_words(std::string_view text, bool quoted) {
  return quoted && text.find('"') == std::string_view::npos ? one_word(text, true)
                                                            : several_words(text);
}

/// Whether a line stands, by its indentation, below a key that holds a secret.
bool is_below_secret(std::span<const std::string_view> source, std::uint32_t number) {
  if (number == 0 || number > source.size()) return false;
  std::size_t indent = source[number - 1].find_first_not_of(" -");
  for (std::size_t i = number - 1; i-- > 0;) {
    const std::size_t blanks = source[i].find_first_not_of(" -");
    if (blanks >= indent) continue;
    if (names_secret(source[i])) return true;
    indent = blanks;
  }
  return false;
}

/// Makes the lines of the Text.
class Translator {
 public:
  Translator(const Nodes& nodes, std::span<const std::string_view> source, const YamlLimits& limits,
             Expanded& out)
      : nodes_{nodes.all}, texts_{nodes}, source_{source}, limits_{limits}, out_{out} {}

  void document() {
    if (nodes_.empty() || nodes_[0].kind == Node::Kind::null) return;
    if (nodes_[0].kind == Node::Kind::scalar)
      report({nodes_[0].at,
              "expected 'KEY: VALUE' lines and found only text: is this file in the "
              "language of keepalived.conf? Then its name must not end in .yaml"});
    else
      block(0);
  }

  void report(const Problem& problem) {
    const bool is_shown = !out_.diagnostics.is_full(Severity::error);
    const Place place{add_line(problem.at.line, ""), problem.at.column};
    out_.diagnostics.add(Severity::error, place, problem.message);
    if (is_shown && problem.at.line == via_line_ && is_below_secret(source_, problem.at.line))
      out_.text.vias.back().text = masked(out_.text.vias.back().text, true);
  }

 private:
  using Kind = Node::Kind;

  void report(const Node& node, const Error& error) { report(Problem{node.at, error.what}); }

  std::uint32_t add_line(std::uint32_t number, std::string text) {
    Line line{text.empty() ? std::string_view{} : out_.text.storage.keep(std::move(text)), 0,
              number, 0};
    if (number != via_line_ && number <= source_.size() &&
        source_[number - 1].size() <= longest_quoted_line) {
      out_.text.vias.push_back(
          {Via::Kind::written, 0, number, 0, std::string{source_[number - 1]}});
      size_ += source_[number - 1].size();
      via_line_ = number;
    }
    if (number == via_line_) line.via = static_cast<std::uint32_t>(out_.text.vias.size());
    size_ += line.text.size();
    out_.text.lines.push_back(std::move(line));
    return static_cast<std::uint32_t>(out_.text.lines.size() - 1);
  }

  bool is_full() {
    if (out_.text.lines.size() < limits_.lines && size_ < max_text_size) return false;
    if (!std::exchange(full_, true))
      out_.diagnostics.add(Severity::error,
                           {static_cast<std::uint32_t>(out_.text.lines.size() - 1), 1},
                           fmt::format("more than {} lines or {} MB of configuration",
                                       limits_.lines, max_text_size >> 20));
    return true;
  }

  /// A statement: its keyword at `key`, the rest at `value` where that is on the same line.
  void statement(const Node& key, const std::string& words, const Node* value = nullptr,
                 std::string_view arguments = {}, std::string_view tail = {}) {
    std::string line(key.at.column <= furthest_column ? key.at.column - 1 : 0, ' ');
    line += words;
    if (value != nullptr) {
      const std::size_t column =
          value->at.line == key.at.line && value->at.column <= furthest_column ? value->at.column
                                                                               : 0;
      line.append(column > line.size() + 1 ? column - 1 - line.size() : 1, ' ');
      line += arguments;
    }
    line += tail;
    if (line.size() > max_line_length)
      report(Problem{key.at, fmt::format("this makes a line of {} bytes, more than {}", line.size(),
                                         max_line_length)});
    else
      add_line(key.at.line, std::move(line));
  }

  void close() { add_line(out_.text.lines.back().number, "}"); }

  /// The words of a key or of an item of a list.
  std::optional<std::string> head(const Node& node) {
    if (node.kind != Kind::scalar) {
      report(Problem{node.at, node.kind == Kind::null
                                  ? "a keyword is missing here ('null' and '~' must be in quotes)"
                                  : "a keyword is text, not a list or mapping"});
      return std::nullopt;
    }
    auto words = several_words(texts_.text_of(node));
    if (words && first_word(*words).empty()) words = fail("a keyword is missing here");
    if (words) return std::move(*words);
    report(node, words.error());
    return std::nullopt;
  }

  void block(std::size_t at) { nodes_[at].kind == Kind::map ? mapping(at) : list(at); }

  void mapping(std::size_t at) {
    std::map<std::string_view, std::uint32_t> seen;
    for (std::size_t key = at + 1; key < nodes_[at].end && !is_full();) {
      const std::size_t value = nodes_[key].end;
      const auto words = head(nodes_[key]);
      if (words) {
        const auto [first, is_new] = seen.emplace(texts_.text_of(nodes_[key]), nodes_[key].at.line);
        if (is_new)
          entry(nodes_[key], *words, value);
        else
          report(Problem{nodes_[key].at,
                         fmt::format("'{}' stands in this mapping already, on line {}: write a "
                                     "block that repeats as a list of mappings",
                                     first_word(first->first), first->second)});
      }
      key = nodes_[value].end;
    }
  }

  [[nodiscard]] bool repeats(std::size_t at) const {
    if (nodes_[at].kind != Kind::list || nodes_[at].end == at + 1) return false;
    for (std::size_t item = at + 1; item < nodes_[at].end; item = nodes_[item].end)
      if (nodes_[item].kind != Kind::map) return false;
    return true;
  }

  void entry(const Node& key, const std::string& words, std::size_t value) {
    const Node& node = nodes_[value];
    if (node.kind == Kind::null) {
      statement(key, words);
    } else if (node.kind == Kind::scalar) {
      const auto arguments = value_words(texts_.text_of(node), node.quoted);
      if (arguments)
        statement(key, words, &node, *arguments);
      else
        report(node, arguments.error());
    } else if (repeats(value)) {
      for (std::size_t item = value + 1; item < node.end && !is_full(); item = nodes_[item].end)
        with_block(key, words, item);
    } else {
      with_block(key, words, value);
    }
  }

  void with_block(const Node& key, const std::string& words, std::size_t at) {
    const std::size_t before = out_.text.lines.size();
    statement(key, words, nullptr, {}, " {");
    if (out_.text.lines[before].text.empty()) return;  // reported as too long
    block(at);
    close();
  }

  void list(std::size_t at) {
    for (std::size_t item = at + 1; item < nodes_[at].end && !is_full(); item = nodes_[item].end) {
      if (nodes_[item].kind == Kind::map)
        mapping(item);
      else if (nodes_[item].kind == Kind::list)
        exact(item);
      else if (const auto words = head(nodes_[item]))
        statement(nodes_[item], *words);
    }
  }

  /// `[LINE, WORD, BLOCK]`: further scalars are one word each; a list or mapping at the end is the
  /// block.
  void exact(std::size_t at) {
    if (nodes_[at].end == at + 1) return report(Problem{nodes_[at].at, "a line without words"});
    const Node& key = nodes_[at + 1];
    auto words = head(key);
    if (!words) return;
    for (std::size_t item = key.end; item < nodes_[at].end; item = nodes_[item].end) {
      const Node& node = nodes_[item];
      if (node.kind == Kind::null)
        return report(
            Problem{node.at, "a word is missing here ('null' and '~' must be in quotes)"});
      if (node.kind != Kind::scalar) {
        if (node.end == nodes_[at].end) return with_block(key, *words, item);
        return report(Problem{node.at, "a block stands at the end of its line, behind the words"});
      }
      const auto word = one_word(texts_.text_of(node), node.quoted);
      if (!word) return report(node, word.error());
      *words += ' ' + *word;
    }
    statement(key, *words);
  }

  const std::vector<Node>& nodes_;
  const Nodes& texts_;
  std::span<const std::string_view> source_;
  const YamlLimits& limits_;
  Expanded& out_;
  std::size_t size_ = 0;
  std::uint32_t via_line_ = 0;  ///< the line of the file that the last via quotes
  bool full_ = false;
};

}  // namespace

Expanded read_yaml(const std::string& name, std::string_view content, const YamlLimits& limits) {
  Expanded out;
  out.text.files.push_back(name);
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  const auto source = yaml::split_lines(content);
  const auto nodes = yaml::collect(content, source, limits);
  const Nodes none;
  Translator translator{nodes ? *nodes : none, source, limits, out};
  if (nodes)
    translator.document();
  else
    translator.report(nodes.error());
  return out;
}

}  // namespace holdfast::config
