// yaml-cpp cuts the text into events, which Collector puts into the list.
#include "daemon/config/yaml_nodes.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <utility>

#include "daemon/base/utf8.h"

namespace holdfast::config::yaml {
namespace {

Spot spot_of(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(std::max(mark.line, 0) + 1),
          static_cast<std::uint32_t>(std::max(mark.column, 0) + 1)};
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

}  // namespace

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

tl::expected<Nodes, Problem> collect(std::string_view content,
                                     std::span<const std::string_view> source,
                                     const YamlLimits& limits) {
  if (auto bad = find_bad_byte(content)) return tl::make_unexpected(std::move(*bad));
  Collector collector{source, limits};
  // Exceptions are how the parser reports; none leaves this function.
  try {
    std::istringstream stream{std::string{content}};
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(collector)) {
    }
    return std::move(collector.nodes);
  } catch (const Refused& error) {
    return tl::make_unexpected(Problem{spot_of(error.mark), error.msg});
  } catch (const YAML::Exception& error) {
    return tl::make_unexpected(problem_of(error, source));
  } catch (const std::exception& error) {
    return tl::make_unexpected(Problem{{}, fmt::format("cannot read YAML: {}", error.what())});
  }
}

}  // namespace holdfast::config::yaml
