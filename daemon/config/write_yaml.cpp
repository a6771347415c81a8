// A line for YAML is put into the quotes that it needs; a block is a mapping where no key repeats.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/base/utf8.h"
#include "daemon/config/write.h"
#include "daemon/config/write_words.h"

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

/// A comment for YAML: any character but control characters, and tabs.
std::string yaml_comment(std::string_view text) {
  std::string out = "#" + valid_utf8(std::string{text});
  std::ranges::replace_if(out, [](char c) { return c != '\t' && is_control(c); }, ' ');
  return out;
}

class YamlWriter {
 public:
  YamlWriter(const Text& text, const Comments& comments) : text_{text}, comments_{comments} {}

  std::string run(std::span<const Statement> tree) {
    if (tree.empty())
      out_ = "{}\n";
    else if (const auto entries = as_mapping(tree))
      mapping(*entries, 0);
    else
      list(tree, 0);
    add_comments(comments_of(comments_, nullptr).at_end, 0);
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
      const std::string_view word = arguments[0].text;
      if (needs_quotes(word) || (arguments[0].quoted && is_for_scripts(word)))
        return yaml_quoted(word);
      if (is_plain(word)) return std::string{word};
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
      if (yaml_line(entry.key).size() > longest_key) return std::nullopt;
      if (is_new) {
        entries.push_back(std::move(entry));
        continue;
      }
      Entry& before = entries[first->second];
      const bool follows = first->second + 1 == entries.size();
      if (!follows || !statement.has_block || !before.statements.front().has_block ||
          !maps(statement) || !maps(before.statements.front()))
        return std::nullopt;
      before.statements = {before.statements.data(), before.statements.size() + 1};
    }
    return entries;
  }

  /// Whether its block is a mapping; asked again and again of blocks with one key.
  [[nodiscard]] bool maps(const Statement& statement) const {
    const auto known = maps_.find(&statement);
    if (known != maps_.end()) return known->second;
    return maps_.emplace(&statement, as_mapping(statement.children).has_value()).first->second;
  }

  void mapping(const Entries& entries, std::size_t indent) {
    for (const Entry& entry : entries) {
      const Statement& first = entry.statements.front();
      if (indent == 0 && !out_.empty() && first.has_block) out_ += '\n';
      add_comments(comments_of(comments_, &first).before, indent);
      out_.append(indent, ' ');
      out_ += yaml_line(entry.key) + ":";
      if (entry.statements.size() > 1) {
        end_line(first);
        for (const Statement& statement : entry.statements)
          repeated(statement, indent + 2, &statement == &first);
      } else if (first.has_block) {
        block(first, indent + 2);
      } else {
        if (entry.value) out_ += " " + *entry.value;
        end_line(first);
      }
    }
  }

  void add_comments(const std::vector<std::string>& comments, std::size_t indent) {
    for (const std::string& comment : comments)
      out_ += fmt::format("{:{}}{}\n", "", indent, yaml_comment(comment));
  }

  /// The end of the line that a statement begins.
  void end_line(const Statement& statement) {
    const auto& trailing = comments_of(comments_, &statement).trailing;
    out_ += trailing ? "  " + yaml_comment(*trailing) + "\n" : "\n";
  }

  /// Behind "KEY:", at the end of the line so far.
  void block(const Statement& statement, std::size_t indent) {
    const bool prefers_list =
        std::ranges::find(value_blocks, std::string_view{statement.keyword()}) !=
            value_blocks.end() &&
        std::ranges::none_of(statement.children, &Statement::has_block);
    if (statement.children.empty()) out_ += " {}";
    end_line(statement);
    body(statement, indent, prefers_list);
    end_comments(statement, indent);
  }

  /// The lines of a block. @return whether they are a list
  bool body(const Statement& statement, std::size_t indent, bool prefers_list) {
    const auto entries = as_mapping(statement.children);
    if (prefers_list || !entries) {
      list(statement.children, indent);
      return true;
    }
    mapping(*entries, indent);
    return false;
  }

  void end_comments(const Statement& statement, std::size_t indent) {
    add_comments(comments_of(comments_, &statement).at_end, indent);
  }

  void repeated(const Statement& statement, std::size_t indent, bool is_first) {
    if (!is_first) {
      add_comments(comments_of(comments_, &statement).before, indent);
      if (const auto& trailing = comments_of(comments_, &statement).trailing)
        add_comments({*trailing}, indent);
    }
    body_of_item(statement, indent);
  }

  /// The block of a statement as an item.
  void body_of_item(const Statement& statement, std::size_t indent) {
    const std::size_t begin = item(indent);
    if (statement.children.empty()) {
      out_ += "{}\n";
      return end_comments(statement, indent + 2);
    }
    out_.resize(begin);
    const bool is_list = body(statement, indent + 2, false);
    // Behind a list in a list, the column tells which of them it is in.
    end_comments(statement, indent + (is_list ? 4 : 2));
    mark(begin, indent);
  }

  /// Begins an item. @return where its line begins
  std::size_t item(std::size_t indent) {
    const std::size_t begin = out_.size();
    out_.append(indent, ' ');
    out_ += "- ";
    return begin;
  }

  /// Makes an item of the lines from `begin` on. Before a comment its '-' has a line of its own.
  void mark(std::size_t begin, std::size_t indent) {
    if (out_[begin + indent + 2] == '#')
      out_.insert(begin, std::string(indent, ' ') + "-\n");
    else
      out_[begin + indent] = '-';
  }

  void list(std::span<const Statement> statements, std::size_t indent) {
    for (const Statement& statement : statements) {
      add_comments(comments_of(comments_, &statement).before, indent);
      const std::size_t begin = item(indent);
      if (!statement.has_block) {
        out_ += yaml_line(line(statement));
        end_line(statement);
        continue;
      }
      out_.resize(begin);
      exact(statement, indent + 2);
      mark(begin, indent);
    }
  }

  /// `[LINE, BLOCK]`, one below the other.
  void exact(const Statement& statement, std::size_t indent) {
    item(indent);
    out_ += yaml_line(line(statement));
    end_line(statement);
    body_of_item(statement, indent);
  }

  const Text& text_;
  const Comments& comments_;
  std::string out_;
  mutable std::unordered_map<const Statement*, bool> maps_;
};

}  // namespace

std::string to_yaml(std::span<const Statement> tree, const Text& text, const Comments& comments) {
  return YamlWriter{text, comments}.run(tree);
}

}  // namespace holdfast::config
