// The tree of a configuration with the defaults of its blocks filled in, and the difference of two.
#include <algorithm>
#include <cstdio>
#include <map>

#include "daemon/config/secret.h"
#include "daemon/tool/tool.h"

namespace holdfast::tool {
namespace {

using config::KeywordInfo;
using config::Statement;

/// keyword -> what is known of it, by block
using Blocks = std::map<std::string, std::vector<KeywordInfo>, std::less<>>;

Blocks known_blocks() {
  Blocks blocks;
  for (KeywordInfo& info : all_keywords()) blocks[info.block].push_back(std::move(info));
  return blocks;
}

class Printer {
 public:
  Printer(const config::Text& text) : text_{text}, blocks_{known_blocks()} {}

  std::string print(const std::vector<Statement>& tree) {
    for (const Statement& statement : tree) print(statement, "", 0, false);
    return std::move(out_);
  }

 private:
  void line(std::size_t depth, const std::string& text, const std::string& origin) {
    const std::string start = std::string(depth * 4, ' ') + text;
    out_ += origin.empty() ? start + "\n" : fmt::format("{:<60} # {}\n", start, origin);
  }

  [[nodiscard]] std::string origin(const Statement& statement) const {
    const config::Line& line = text_.lines[statement.line];
    return fmt::format("{}:{}", text_.files[line.file], line.number);
  }

  void print(const Statement& statement, const std::string& outer, std::size_t depth, bool hidden) {
    line(depth, to_text(statement, hidden) + (statement.has_block ? " {" : ""), origin(statement));
    if (!statement.has_block) return;
    const std::string path =
        outer.empty() ? statement.keyword() : outer + "/" + statement.keyword();
    hidden = hidden || config::holds_secret(statement.keyword());
    for (const Statement& child : statement.children) print(child, path, depth + 1, hidden);
    print_defaults(statement, path, depth + 1);
    line(depth, "}", "");
  }

  void print_defaults(const Statement& block, const std::string& path, std::size_t depth) {
    const auto known = blocks_.find(path);
    if (known == blocks_.end()) return;
    for (const KeywordInfo& info : known->second) {
      const bool given = std::ranges::any_of(
          block.children, [&](const Statement& s) { return s.keyword() == info.keyword; });
      if (!given && info.supported && !info.default_value.empty())
        line(depth,
             info.default_value == "(set)" ? info.keyword
                                           : fmt::format("{} {}", info.keyword, info.default_value),
             "default");
    }
  }

  const config::Text& text_;
  Blocks blocks_;
  std::string out_;
};

/// What identifies a statement among its neighbours: its words for a block, its keyword otherwise;
/// the whole line where a keyword repeats.
std::string identity(const Statement& statement, std::span<const Statement> neighbours) {
  const auto same = std::ranges::count(neighbours, statement.keyword(), &Statement::keyword);
  return statement.has_block || same > 1 ? to_text(statement, false)
                                         : std::string{statement.keyword()};
}

std::map<std::string, const Statement*> by_identity(std::span<const Statement> statements) {
  std::map<std::string, const Statement*> found;
  for (const Statement& statement : statements)
    found.emplace(identity(statement, statements), &statement);
  return found;
}

/// @return how many lines differ
std::size_t compare(std::span<const Statement> before, std::span<const Statement> after,
                    const std::string& path, bool hidden) {
  const auto old = by_identity(before);
  const auto now = by_identity(after);
  std::size_t changes = 0;
  const auto tell = [&](char sign, const std::string& text) {
    std::fputs(fmt::format("{} {}{}\n", sign, path, text).c_str(), stdout);
    ++changes;
  };
  for (const auto& [name, statement] : old) {
    const auto same = now.find(name);
    if (same == now.end()) {
      tell('-', to_text(*statement, hidden));
    } else if (statement->has_block) {
      changes += compare(statement->children, same->second->children, path + name + " / ",
                         hidden || config::holds_secret(statement->keyword()));
    } else if (!std::ranges::equal(statement->words, same->second->words, {}, &config::Word::text,
                                   &config::Word::text)) {
      tell('-', to_text(*statement, hidden));
      tell('+', to_text(*same->second, hidden));
    }
  }
  for (const auto& [name, statement] : now)
    if (!old.contains(name)) tell('+', to_text(*statement, hidden));
  return changes;
}

bool is_usable(const Loaded& loaded) {
  const std::string report =
      report_of(loaded.findings, loaded.configuration.text, ReportFormat::text, false);
  std::fputs(report.c_str(), stderr);
  return loaded.configuration.readable;
}

}  // namespace

int show_config(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1) {
    std::fputs("holdfast show-config: name one file\n", stderr);
    return usage_error;
  }
  const Loaded loaded = load(arguments.front(), "");
  if (!is_usable(loaded)) return 6;
  std::fputs(Printer{loaded.configuration.text}.print(loaded.tree).c_str(), stdout);
  return 0;
}

int diff(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) {
    std::fputs("holdfast diff: name two files\n", stderr);
    return usage_error;
  }
  const Loaded before = load(arguments[0], "");
  const Loaded after = load(arguments[1], "");
  if (!is_usable(before) || !is_usable(after)) return 6;
  return compare(before.tree, after.tree, "", false) == 0 ? 0 : 1;
}

}  // namespace holdfast::tool
