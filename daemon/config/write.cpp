// Both writers begin with the line of a statement as keepalived.conf has it. Before it is written,
// a line for keepalived.conf is read back; the one for YAML is put into the quotes that it needs.
#include "daemon/config/write.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/config/definitions.h"
#include "daemon/config/include.h"
#include "daemon/config/line.h"
#include "daemon/config/secret.h"

namespace holdfast::config {
namespace {

/// Blocks whose lines are values: a list reads better than a mapping. Both mean the same.
constexpr std::array<std::string_view, 26> value_blocks{"excluded_interfaces",
                                                        "group",
                                                        "interface_up_down_delays",
                                                        "notification_email",
                                                        "static_addresses",
                                                        "static_ipaddress",
                                                        "static_neighbours",
                                                        "static_routes",
                                                        "static_rules",
                                                        "track_bfd",
                                                        "track_file",
                                                        "track_interface",
                                                        "track_process",
                                                        "track_script",
                                                        "track_srcip",
                                                        "unicast_peer",
                                                        "virtual_ipaddress",
                                                        "virtual_ipaddress_excluded",
                                                        "virtual_neighbours",
                                                        "virtual_routes",
                                                        "virtual_rules",
                                                        "virtual_server_group",
                                                        "vrrp_group",
                                                        "vlan_tags",
                                                        "process_names",
                                                        "linkbeat_interfaces"};
/// A YAML key is at most 1024 characters. @source YAML 1.2.2, 7.4
constexpr std::size_t longest_key = 1000;

/// Scripts tell these inside quotes from those outside (command.h).
bool is_for_scripts(std::string_view word) {
  return word.find_first_of("'\\") != std::string_view::npos;
}
bool needs_quotes(std::string_view word) {
  return word.empty() ||
         std::ranges::any_of(word, [](char c) { return is_blank(c) || c == '{' || c == '}'; });
}

using Words = std::span<const Word>;

std::uint32_t end_of(const Word& word) {
  return word.column + static_cast<std::uint32_t>(word.text.size() + (word.quoted ? 2 : 0));
}

/// The words as they stand in the text; nothing when the text does not have them.
std::optional<std::string> as_written(Words words, std::uint32_t number, const Text& text) {
  if (number >= text.lines.size()) return std::nullopt;
  const std::string_view line = text.lines[number].text;
  const std::size_t begin = words.front().column - 1;
  const std::size_t end = end_of(words.back()) - 1;
  if (begin >= end || end > line.size()) return std::nullopt;
  return std::string{line.substr(begin, end - begin)};
}

/// Words with single blanks between them, and quotes where they count.
std::string joined(Words words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Word& word = words[i];
    const bool joins = i > 0 && end_of(words[i - 1]) == word.column;
    const bool is_joined = i + 1 < words.size() && end_of(word) == words[i + 1].column;
    if (i > 0 && !joins) out += ' ';
    const bool quotes = word.quoted && (joins || is_joined || is_for_scripts(word.text));
    out += quotes || needs_quotes(word.text) ? '"' + word.text + '"' : word.text;
  }
  return out;
}

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

/// Writes keepalived.conf.
class ConfWriter {
 public:
  explicit ConfWriter(const Text& text) : text_{text} {}

  Result<std::string> run(std::span<const Statement> tree) {
    block(tree, 0, false);
    if (problem_) return tl::make_unexpected(std::move(*problem_));
    return std::move(out_);
  }

 private:
  void block(std::span<const Statement> statements, std::size_t indent, bool secret) {
    for (const Statement& statement : statements) {
      if (problem_) return;
      // A blank line between top-level blocks.
      if (indent == 0 && !out_.empty() && statement.has_block) out_ += '\n';
      out_.append(indent, ' ');
      const bool hidden = secret || holds_secret(statement.keyword());
      out_ += safe_line(statement, hidden);
      out_ += statement.has_block ? " {\n" : "\n";
      if (!statement.has_block) continue;
      block(statement.children, indent + 4, hidden);
      out_.append(indent, ' ');
      out_ += "}\n";
    }
  }

  /// The first spelling that reads back as the same words.
  std::string safe_line(const Statement& statement, bool hidden) {
    std::string plain = line_of(statement.words, statement.line, text_);
    if (reads_back(plain, statement)) return plain;
    if (std::string escaped = with_escapes(plain); reads_back(escaped, statement)) return escaped;
    std::string quoted;
    for (const Word& word : statement.words)
      quoted += fmt::format("{}\"{}\"", quoted.empty() ? "" : " ", word.text);
    if (reads_back(quoted, statement)) return quoted;
    std::vector<std::string_view> words;
    for (const Word& word : statement.words) words.push_back(word.text);
    if (hidden) words = {words.front(), mask};
    const std::string where = statement.line < text_.lines.size()
                                  ? fmt::format(" (line {})", text_.lines[statement.line].number)
                                  : "";
    problem_ = Error{fmt::format("keepalived.conf cannot say '{}'{}: it would read something else",
                                 fmt::join(words, " "), where)};
    return {};
  }

  /// `\#` and `\!` outside quotes.
  static std::string with_escapes(std::string_view line) {
    std::string out;
    bool inside = false;
    for (const char c : line) {
      if (c == '"') inside = !inside;
      if (!inside && (c == '#' || c == '!')) out += '\\';
      out += c;
    }
    return out;
  }

  static bool reads_back(const std::string& line, const Statement& wanted) {
    const std::string_view word = first_word(line);
    if (word.starts_with('@') || find_include_keyword(word) != nullptr ||
        !sequence_keyword(line).empty() || !definition_name(line).empty() ||
        line.starts_with("\xEF\xBB\xBF") || line.find('\0') != std::string::npos)
      return false;
    if (line.find('$') != std::string::npos && has_references(line)) return false;
    Diagnostics diagnostics;
    const Text text{{"line"}, {{without_comment(line + (wanted.has_block ? " {" : "")), 0, 1}}};
    const auto tree = parse_tree(text, diagnostics);
    return tree.size() == 1 && tree[0].has_block == wanted.has_block &&
           same_words(tree[0].words, wanted.words);
  }

  static bool has_references(const std::string& line) {
    const auto found = substitute(line, {},
                                  {".", "", [](const std::string&) { return ""; },
                                   [](std::uint64_t) { return std::uint64_t{0}; }});
    return !found || found->changed;
  }

  const Text& text_;
  std::string out_;
  std::optional<Error> problem_;
};

/// True when YAML reads `text` without quotes as that text, as a key, value or item of a block.
bool is_plain(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL" ||
      text == "<<" || text.starts_with("---") || text.starts_with("..."))
    return false;
  if (std::string_view{" ,[]{}#&*!|>'\"%@`?:=\xEF"}.find(text.front()) != std::string_view::npos)
    return false;
  if (text.front() == '-' && (text.size() == 1 || text[1] == ' ')) return false;
  if (text.back() == ':' || text.back() == ' ') return false;
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos &&
         std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < ' ' || byte == 0x7f;
         });
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

std::string yaml_quoted(std::string_view text) {
  if (text.find_first_of("\"\\") != std::string_view::npos &&
      text.find('\'') == std::string_view::npos && std::ranges::none_of(text, is_control))
    return fmt::format("'{}'", text);
  std::string out = "\"";
  for (const char c : text) {
    if (is_control(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// A key, or a line of a list: quotes change nothing there.
std::string yaml_line(std::string_view line) {
  return is_plain(line) ? std::string{line} : yaml_quoted(line);
}
class YamlWriter {
 public:
  explicit YamlWriter(const Text& text) : text_{text} {}

  std::string run(std::span<const Statement> tree) {
    if (tree.empty()) return "{}\n";
    if (const auto entries = as_mapping(tree))
      mapping(*entries, 0);
    else
      list(tree, 0);
    return std::move(out_);
  }

 private:
  struct Entry {
    std::string key;
    std::optional<std::string> value;
    std::span<const Statement> statements;  ///< more than one: blocks with this key in common
  };
  using Entries = std::vector<Entry>;

  [[nodiscard]] std::string line(const Statement& statement) const {
    return line_of(statement.words, statement.line, text_);
  }

  /// The arguments as the value of their keyword; nothing: they must stand in the key.
  [[nodiscard]] std::optional<std::string> value_of(const Statement& statement) const {
    const Words arguments = Words{statement.words}.subspan(1);
    if (arguments.size() == 1) {
      const std::string& word = arguments[0].text;
      if (needs_quotes(word) || (arguments[0].quoted && is_for_scripts(word)))
        return yaml_quoted(word);
      if (is_plain(word)) return word;
      return is_for_scripts(word) ? std::nullopt : std::optional{yaml_quoted(word)};
    }
    const std::string all = line_of(arguments, statement.line, text_);
    if (is_plain(all)) return all;
    if (all.find('"') != std::string::npos) return yaml_quoted(all);
    return std::nullopt;
  }

  [[nodiscard]] Entry entry_of(const Statement& statement, std::size_t same_keyword) const {
    if (!statement.has_block && statement.words.size() > 1 && same_keyword == 1)
      if (auto value = value_of(statement))
        return {line_of(Words{statement.words}.first(1), statement.line, text_),
                std::move(value),
                {&statement, 1}};
    return {line(statement), std::nullopt, {&statement, 1}};
  }

  /// The statements as entries of a mapping; nothing when two would have the same key, unless
  /// they are blocks that follow each other.
  [[nodiscard]] std::optional<Entries> as_mapping(std::span<const Statement> statements) const {
    std::map<std::string_view, std::size_t> keywords;
    for (const Statement& statement : statements)
      if (!statement.has_block || statement.words.size() == 1) ++keywords[statement.keyword()];
    Entries entries;
    std::map<std::string, std::size_t> known;
    for (const Statement& statement : statements) {
      Entry entry = entry_of(statement, keywords[statement.keyword()]);
      const auto [first, is_new] = known.emplace(entry.key, entries.size());
      if (entry.key.size() > longest_key) return std::nullopt;
      if (is_new) {
        entries.push_back(std::move(entry));
        continue;
      }
      Entry& before = entries[first->second];
      const bool follows = first->second + 1 == entries.size();
      if (!follows || !statement.has_block || !before.statements.front().has_block ||
          !as_mapping(statement.children) || !as_mapping(before.statements.front().children))
        return std::nullopt;
      before.statements = {before.statements.data(), before.statements.size() + 1};
    }
    return entries;
  }

  void mapping(const Entries& entries, std::size_t indent) {
    for (const Entry& entry : entries) {
      if (indent == 0 && !out_.empty() && entry.statements.front().has_block) out_ += '\n';
      out_.append(indent, ' ');
      out_ += yaml_line(entry.key) + ":";
      if (entry.statements.size() > 1) {
        out_ += '\n';
        for (const Statement& statement : entry.statements) repeated(statement, indent + 2);
      } else if (entry.statements.front().has_block) {
        block(entry.statements.front(), indent + 2);
      } else {
        if (entry.value) out_ += " " + *entry.value;
        out_ += '\n';
      }
    }
  }

  /// Behind "KEY:", at the end of the line so far.
  void block(const Statement& statement, std::size_t indent) {
    const auto entries = as_mapping(statement.children);
    const bool prefers_list =
        std::ranges::find(value_blocks, statement.keyword()) != value_blocks.end() &&
        std::ranges::none_of(statement.children, &Statement::has_block);
    if (statement.children.empty()) {
      out_ += " {}\n";
    } else if (entries && !prefers_list) {
      out_ += '\n';
      mapping(*entries, indent);
    } else {
      out_ += '\n';
      list(statement.children, indent);
    }
  }

  void repeated(const Statement& statement, std::size_t indent) {
    const std::size_t begin = item(indent);
    if (statement.children.empty()) {
      out_ += "{}\n";
      return;
    }
    out_.resize(begin);
    mapping(*as_mapping(statement.children), indent + 2);
    out_[begin + indent] = '-';
  }

  /// Begins an item. @return where its line begins
  std::size_t item(std::size_t indent) {
    const std::size_t begin = out_.size();
    out_.append(indent, ' ');
    out_ += "- ";
    return begin;
  }

  void list(std::span<const Statement> statements, std::size_t indent) {
    for (const Statement& statement : statements) {
      const std::size_t begin = item(indent);
      if (!statement.has_block) {
        out_ += yaml_line(line(statement)) + "\n";
        continue;
      }
      out_.resize(begin);
      exact(statement, indent + 2);
      out_[begin + indent] = '-';
    }
  }

  /// `[LINE, BLOCK]`, one below the other.
  void exact(const Statement& statement, std::size_t indent) {
    item(indent);
    out_ += yaml_line(line(statement)) + "\n";
    const std::size_t begin = item(indent);
    if (statement.children.empty()) {
      out_ += "{}\n";
      return;
    }
    out_.resize(begin);
    if (const auto entries = as_mapping(statement.children))
      mapping(*entries, indent + 2);
    else
      list(statement.children, indent + 2);
    out_[begin + indent] = '-';
  }

  const Text& text_;
  std::string out_;
};

}  // namespace

Result<std::string> to_conf(std::span<const Statement> tree, const Text& text) {
  return ConfWriter{text}.run(tree);
}

std::string to_yaml(std::span<const Statement> tree, const Text& text) {
  return YamlWriter{text}.run(tree);
}

bool same_tree(std::span<const Statement> a, std::span<const Statement> b) {
  return std::ranges::equal(a, b, [](const Statement& x, const Statement& y) {
    return x.has_block == y.has_block && same_words(x.words, y.words) &&
           same_tree(x.children, y.children);
  });
}

}  // namespace holdfast::config
