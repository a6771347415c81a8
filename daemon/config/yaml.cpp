// Three steps: yaml-cpp cuts the text into events (Collector), which become a flat list of nodes;
// Writer makes lines from those. This file is the only one that knows yaml-cpp.
#include "daemon/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <utility>
#include <vector>

#include "daemon/base/utf8.h"
#include "daemon/config/line.h"
#include "daemon/config/secret.h"

namespace holdfast::config {
namespace {

/// Deepest column that a line of the Text keeps; further to the right it is not exact.
constexpr std::size_t furthest_column = 256;
/// Longest line of the file that messages quote.
constexpr std::size_t longest_quoted_line = 4096;

/// A place in the file; both count from 1.
struct Spot {
  std::uint32_t line = 1, column = 1;
};

/// Nodes stand in the order of the file; those inside a mapping or list follow it up to `end`.
struct Node {
  enum class Kind : std::uint8_t { null, scalar, map, list } kind = Kind::null;
  bool quoted = false;  ///< a scalar in quotes, or a block scalar
  Spot at;
  std::size_t begin = 0, size = 0;  ///< of the text of a scalar, in Nodes::text
  std::size_t end = 0;              ///< index behind the last node inside
};

struct Nodes {
  std::vector<Node> all;
  std::string text;
  [[nodiscard]] std::string_view text_of(const Node& node) const {
    return std::string_view{text}.substr(node.begin, node.size);
  }
};

struct Problem {
  Spot at;
  std::string message;
};

Spot spot_of(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(std::max(mark.line, 0) + 1),
          static_cast<std::uint32_t>(std::max(mark.column, 0) + 1)};
}

std::vector<std::string_view> split_lines(std::string_view content) {
  std::vector<std::string_view> lines;
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    lines.push_back(content.substr(0, end));
    if (lines.back().ends_with('\r')) lines.back().remove_suffix(1);
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  return lines;
}

/// What this file refuses, beside what the parser does.
class Refused : public YAML::ParserException {
 public:
  using YAML::ParserException::ParserException;
};

/// Collects nodes. Ends the parse with an exception, as the parser does with its own errors.
class Collector : public YAML::EventHandler {
 public:
  Collector(std::span<const std::string_view> source, const YamlLimits& limits)
      : source_{source}, limits_{limits} {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) refuse(mark, "a second document begins here: one file is one document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(mark, Node::Kind::null); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not read: write the value again");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    check_tag(mark, tag);
    check_quotes(mark);
    Node& node = add(mark, Node::Kind::scalar);
    node.quoted = tag == "!";
    node.begin = nodes.text.size();
    node.size = value.size();
    nodes.text += value;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value style) override {
    open(mark, tag, Node::Kind::list, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value style) override {
    open(mark, tag, Node::Kind::map, style);
  }
  void OnMapEnd() override { close(); }

  Nodes nodes;

 private:
  [[noreturn]] static void refuse(const YAML::Mark& mark, const std::string& message) {
    throw Refused(mark, message);
  }
  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse(mark, "tags (!name) are not read: every value is text as it stands");
  }
  Node& add(const YAML::Mark& mark, Node::Kind kind) {
    if (nodes.all.size() >= limits_.nodes)
      refuse(mark, fmt::format("more than {} values and keys", limits_.nodes));
    nodes.all.push_back({kind, false, spot_of(mark), 0, 0, nodes.all.size() + 1});
    return nodes.all.back();
  }
  void open(const YAML::Mark& mark, const std::string& tag, Node::Kind kind,
            YAML::EmitterStyle::value style) {
    check_tag(mark, tag);
    if (open_.size() >= limits_.depth)
      refuse(mark, fmt::format("lists and mappings are nested more than {} deep", limits_.depth));
    // A flow collection takes the indentation of the block that it is in.
    const int outer = open_.empty() ? -1 : open_.back().indent;
    open_.push_back({nodes.all.size(), style == YAML::EmitterStyle::Flow ? outer : mark.column});
    add(mark, kind);
  }
  void close() {
    nodes.all[open_.back().node].end = nodes.all.size();
    open_.pop_back();
  }

  /// The parser takes a quote that is never closed, and lines of a quoted value that are not
  /// indented: half a file could disappear in a value.
  void check_quotes(const YAML::Mark& mark) const {
    auto number = static_cast<std::size_t>(std::max(mark.line, 0));
    if (number >= source_.size()) return;
    std::string_view rest = source_[number];
    rest.remove_prefix(std::min(rest.size(), static_cast<std::size_t>(std::max(mark.column, 0))));
    if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return;
    const char quote = rest.front();
    rest.remove_prefix(1);
    const int indent = open_.empty() ? -1 : open_.back().indent;
    while (!closes(rest, quote)) {
      if (++number >= source_.size()) refuse(mark, "this quote is never closed");
      rest = source_[number];
      const std::size_t blanks = rest.find_first_not_of(" \t");
      if (blanks != std::string_view::npos && static_cast<int>(blanks) <= indent)
        refuse(mark, fmt::format("this quote is not closed before line {}, which is not indented "
                                 "as a part of the value",
                                 number + 1));
    }
  }
  static bool closes(std::string_view text, char quote) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (quote == '"' && text[i] == '\\') {
        ++i;
      } else if (text[i] == quote) {
        if (quote == '"' || i + 1 >= text.size() || text[i + 1] != quote) return true;
        ++i;
      }
    }
    return false;
  }

  struct Open {
    std::size_t node;
    int indent;  ///< of the block; -1: none
  };
  std::span<const std::string_view> source_;
  const YamlLimits& limits_;
  std::vector<Open> open_;
  int documents_ = 0;
};

/// What the parser says, in the words of somebody who looks at the file.
std::string explain(std::string_view message) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> words{{
      {"end of map not found", "expected 'KEY: VALUE' here, indented as the lines before"},
      {"end of sequence not found", "expected '- VALUE' here, indented as the lines before"},
      {"end of map flow not found", "a '{' is never closed, or a ',' is missing"},
      {"end of sequence flow not found", "a '[' is never closed, or a ',' is missing"},
      {"illegal map value", "a ': ' inside a value, or a wrong indentation: quote the value"},
      {"unknown token", "a value cannot begin so: put it in quotes"},
      {"bad file", "lists and mappings are nested too deep"},
      {"illegal EOF in scalar", "a quote is never closed"},
  }};
  for (const auto& [theirs, ours] : words)
    if (message == theirs) return std::string{ours};
  return fmt::format("not valid YAML: {}", message);
}

Problem problem_of(const YAML::Exception& error, std::span<const std::string_view> source) {
  const Spot at = spot_of(error.mark);
  const std::string_view line = at.line <= source.size() ? source[at.line - 1] : "";
  const std::size_t tab = line.find('\t');
  if (tab < line.find_first_not_of(" \t"))
    return {{at.line, static_cast<std::uint32_t>(tab + 1)},
            "YAML is not indented with tabs: use blanks"};
  std::string_view before = line.substr(0, at.column - 1);
  while (before.ends_with(' ')) before.remove_suffix(1);
  const bool behind_quote = before.ends_with('"') || before.ends_with('\'');
  if (behind_quote && error.msg == "end of map not found")
    return {at,
            "text behind a closing quote: put the whole value into single quotes, as in "
            "'\"COMMAND ARGUMENT\" USER'"};
  return {at, explain(error.msg)};
}

/// Bytes that YAML does not allow; the parser would take them for something else.
std::optional<Problem> find_bad_byte(std::string_view content) {
  Spot at;
  for (std::size_t i = 0; i < content.size();) {
    const auto c = static_cast<unsigned char>(content[i]);
    const std::size_t size = utf8_size(content, i);
    if (size == 0)
      return Problem{at, fmt::format("the byte 0x{:02x} is not UTF-8, as YAML must be", c)};
    if (c == 0x7f || (c < ' ' && c != '\t' && c != '\n' && c != '\r'))
      return Problem{
          at, fmt::format("the control character 0x{:02x} must be written as \"\\x{:02x}\"", c, c)};
    i += size;
    at = c == '\n' ? Spot{at.line + 1, 1}
                   : Spot{at.line, at.column + static_cast<std::uint32_t>(size)};
  }
  return std::nullopt;
}

tl::expected<void, Problem> collect(std::string_view content,
                                    std::span<const std::string_view> source,
                                    Collector& collector) {
  // Exceptions are how the parser reports; none leaves this function.
  try {
    std::istringstream stream{std::string{content}};
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(collector)) {
    }
    return {};
  } catch (const Refused& error) {
    return tl::make_unexpected(Problem{spot_of(error.mark), error.msg});
  } catch (const YAML::Exception& error) {
    return tl::make_unexpected(problem_of(error, source));
  } catch (const std::exception& error) {
    return tl::make_unexpected(Problem{{}, fmt::format("cannot read YAML: {}", error.what())});
  }
}

/// True when a word stands for itself only in quotes.
bool needs_quotes(std::string_view word) {
  return word.empty() ||
         std::ranges::any_of(word, [](char c) { return is_blank(c) || c == '{' || c == '}'; });
}
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
    const Place place{add_line(problem.at.line, ""), problem.at.column};
    out_.diagnostics.add(Severity::error, place, problem.message);
  }
  /// What stops the parser: there is no tree that could tell which lines are secret.
  void report_alone(const Problem& problem) {
    report(problem);
    for (Via& via : out_.text.vias)
      if (is_below_secret(source_, via.number)) via.text = masked(via.text, true);
  }

 private:
  using Kind = Node::Kind;

  void report(const Node& node, const Error& error) { report(Problem{node.at, error.what}); }

  std::uint32_t add_line(std::uint32_t number, std::string text) {
    Line line{std::move(text), 0, number, 0};
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

bool has_ending(std::string_view path, std::string_view ending) {
  return path.size() > ending.size() && path.ends_with(ending);
}

}  // namespace

Expanded read_yaml(const std::string& name, std::string_view content, const YamlLimits& limits) {
  Expanded out;
  out.text.files.push_back(name);
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  const auto source = split_lines(content);
  Collector collector{source, limits};
  const Nodes none;
  auto problem = find_bad_byte(content);
  if (!problem)
    if (auto read = collect(content, source, collector); !read) problem = std::move(read.error());
  Translator translator{problem ? none : collector.nodes, source, limits, out};
  if (problem)
    translator.report_alone(*problem);
  else
    translator.document();
  return out;
}

Language language_of(std::string_view path, std::string_view content) {
  for (const std::string_view ending : {".yaml", ".yml", ".json"})
    if (has_ending(path, ending)) return Language::yaml;
  if (has_ending(path, ".conf")) return Language::conf;
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  for (const std::string_view line : split_lines(content.substr(0, 64UL * 1024))) {
    std::string_view text = line.substr(0, line.find(" #"));
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    if (text.empty() || text.starts_with('#')) continue;
    if (std::string_view{"!$@~"}.find(text.front()) != std::string_view::npos)
      return Language::conf;
    const bool begins = text.front() == '{' || text.front() == '[' || text.front() == '%' ||
                        text.starts_with("---") || text.starts_with("- ");
    if (text.ends_with('{') && !begins)
      return text.ends_with(": {") ? Language::yaml : Language::conf;
    return begins || text.ends_with(':') || text.find(": ") != std::string_view::npos
               ? Language::yaml
               : Language::conf;
  }
  return Language::conf;
}

Loaded load(const std::string& path, const ExpandOptions& options) {
  const bool known = language_of(path, "") == Language::yaml;
  if (!known && has_ending(path, ".conf")) return {Language::conf, expand(path, options)};
  const auto file = options.files.read(path);
  if (!file || language_of(path, file->content) == Language::conf)
    return {known ? Language::yaml : Language::conf, expand(path, options)};
  return {Language::yaml, read_yaml(path, file->content, {.lines = options.most_lines})};
}

}  // namespace holdfast::config
