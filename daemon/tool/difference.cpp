#include "daemon/tool/difference.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "daemon/config/secret.h"
#include "daemon/tool/effective.h"

namespace holdfast::tool {
namespace {

using config::KeywordInfo;
using config::Statement;
using Kind = config::Rule::Kind;
using Statements = std::vector<const Statement*>;

Statements pointers(std::span<const Statement> statements) {
  Statements all;
  for (const Statement& statement : statements) all.push_back(&statement);
  return all;
}

/// A word as it is understood: `010`, `1.0` and `fe80::0:1` have shorter spellings.
std::string plain(std::string_view word, Kind kind) {
  if (kind == Kind::number || kind == Kind::seconds) {
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error == std::errc{} && end == word.data() + word.size()) return fmt::format("{}", number);
  }
  if (kind == Kind::boolean && is_off(word)) return "no";
  if (kind == Kind::boolean && (word == "true" || word == "on")) return "yes";
  if (const auto slash = word.find('/'); slash != std::string_view::npos)
    if (const auto address = IpAddress::parse(word.substr(0, slash)))
      return address->to_string() + std::string{word.substr(slash)};
  if (const auto address = IpAddress::parse(word)) return address->to_string();
  return std::string{word};
}

/// The words from `first` on as they are understood.
std::string plain_words(const Statement& statement, std::size_t first, Kind kind = Kind::word) {
  std::string out;
  for (std::size_t i = first; i < statement.words.size(); ++i) {
    if (i > first) out += ' ';
    out += plain(statement.words[i].text, kind);
  }
  return out;
}

/// A keyword of a block with its value; a line of a block of values has none.
struct Value {
  std::string text;
  std::string origin;  ///< empty: it stands in the block
};

/// One side of the comparison.
struct Side {
  const Effective& effective;
  Path path;
  Statements statements;  ///< of the block

  [[nodiscard]] std::string block() const { return path_of(path); }

  /// The values of each keyword that has no block, in their order.
  [[nodiscard]] std::vector<std::pair<std::string, std::vector<Value>>> settings() const {
    std::vector<std::pair<std::string, std::vector<Value>>> all;
    const auto values_of = [&](std::string_view keyword) -> std::vector<Value>& {
      const auto found =
          std::ranges::find(all, keyword, &std::pair<std::string, std::vector<Value>>::first);
      if (found != all.end()) return found->second;
      return all.emplace_back(std::string{keyword}, std::vector<Value>{}).second;
    };
    for (const Statement* statement : statements) {
      if (statement->has_block) continue;
      const KeywordInfo* info = effective.find(block(), statement->keyword());
      const Kind kind = info == nullptr ? Kind::none : info->rule.kind;
      std::string value = kind == Kind::present ? "" : plain_words(*statement, 1, kind);
      if (value.empty()) value = kind == Kind::boolean ? "yes" : "(set)";
      std::vector<Value>& values = values_of(statement->keyword());
      if (kind != Kind::none) values.clear();  // the last one counts
      values.push_back({std::move(value), ""});
    }
    for (Setting& setting : effective.unset(path, statements)) {
      const KeywordInfo* info = effective.find(block(), setting.keyword);
      values_of(setting.keyword)
          .push_back({plain(setting.value, info == nullptr ? Kind::none : info->rule.kind),
                      setting.origin.substr(0, setting.origin.find(' '))});
    }
    return all;
  }

  /// The lines of a block of values; of those that may share a line, the words.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const Statement* statement : statements) {
      if (path.back()->keyword() == "group")
        for (const config::Word& word : statement->words) all.emplace_back(word.text);
      else
        all.push_back(plain_words(*statement, 0));
    }
    return all;
  }
};

/// What makes a block the same one in both files.
std::string identity(const Statement& block, const Path& outer) {
  std::string name{block.keyword()};
  const auto last_word = [](const Statement& in, std::string_view keyword) {
    std::string word;
    for (const Statement& child : in.children)
      if (child.keyword() == keyword && child.words.size() > 1) word = child.words[1].text;
    return word;
  };
  const bool is_service = name == "virtual_server";
  for (std::size_t i = 1; i < block.words.size(); ++i)
    name += ' ' + plain(block.words[i].text, i == 2 ? Kind::number : Kind::word);
  if (name.starts_with("real_server ") && block.words.size() == 2 && !outer.empty() &&
      outer.back()->words.size() > 2)  // its port is the service's
    name += ' ' + plain(outer.back()->words[2].text, Kind::number);
  if (is_service && block.words.size() > 1 && std::string_view{block.words[1].text} != "fwmark") {
    const std::string protocol = last_word(block, "protocol");
    name += ' ' + (protocol.empty() ? "UDP" : protocol);
  }
  return name;
}

/// The blocks of one identity. Blocks of values, and those at top level, are one together.
struct Group {
  std::string name;
  std::vector<const Statement*> blocks;
};

/// Groups in their order, found by name.
struct Groups {
  std::vector<Group> all;
  std::map<std::string, std::size_t, std::less<>> places;

  explicit Groups(const Side& side) {
    for (const Statement* statement : side.statements) {
      if (!statement->has_block) continue;
      std::string name = identity(*statement, side.path);
      const auto [place, is_new] = places.emplace(name, all.size());
      if (is_new) all.push_back({std::move(name), {}});
      all[place->second].blocks.push_back(statement);
    }
  }
  [[nodiscard]] const Group* find(std::string_view name) const {
    const auto found = places.find(name);
    return found == places.end() ? nullptr : &all[found->second];
  }
};

class Difference {
 public:
  std::vector<std::string> run(const Loaded& before, const Loaded& after) {
    const auto keywords = all_keywords();
    const Effective old{keywords, before.tree, before.configuration.text};
    const Effective now{keywords, after.tree, after.configuration.text};
    Side a{old, {}, pointers(before.tree)};
    Side b{now, {}, pointers(after.tree)};
    // Settings outside blocks have no path: no defaults are known for them.
    compare(a, b, "", false);
    return std::move(lines_);
  }

 private:
  void tell(char sign, const std::string& name, const std::string& text) {
    lines_.push_back(fmt::format("{} {}{}", sign, name.empty() ? "" : name + " / ", text));
  }
  static std::string shown(const Value& value, bool hidden) {
    return fmt::format("{}{}", hidden && value.origin.empty() ? config::mask : value.text,
                       value.origin.empty() ? "" : fmt::format(" ({})", value.origin));
  }

  void compare(const Side& a, const Side& b, const std::string& name, bool hidden) {
    if (!a.path.empty() && !a.effective.has_keywords(a.block()))
      return compare_lines(a, b, name, hidden);
    compare_settings(a, b, name, hidden);
    compare_blocks(a, b, name, hidden);
  }

  void compare_settings(const Side& a, const Side& b, const std::string& name, bool hidden) {
    const auto old = a.settings();
    const auto now = b.settings();
    const auto values = [](const auto& settings, const std::string& keyword) {
      for (const auto& [known, found] : settings)
        if (known == keyword) return found;
      return std::vector<Value>{};
    };
    for (const auto& [keyword, before] : old)
      compare_values(name, keyword, before, values(now, keyword), hidden);
    for (const auto& [keyword, after] : now)
      if (values(old, keyword).empty()) compare_values(name, keyword, {}, after, hidden);
  }

  void compare_values(const std::string& name, const std::string& keyword,
                      std::vector<Value> before, std::vector<Value> after, bool hidden) {
    hidden = hidden || config::holds_secret(keyword);
    std::erase_if(before, [&](const Value& value) {  // what stands on both sides
      const auto same = std::ranges::find(after, value.text, &Value::text);
      if (same == after.end()) return false;
      after.erase(same);
      return true;
    });
    if (before.size() == 1 && after.size() == 1) {
      // Taken from the same place by both: the change is told there.
      const std::string& origin = before[0].origin;
      if (!origin.empty() && origin != "default" && origin == after[0].origin) return;
      return tell(
          '~', name,
          fmt::format("{}: {} -> {}", keyword, shown(before[0], hidden), shown(after[0], hidden)));
    }
    const auto tell_all = [&](char sign, const std::vector<Value>& values) {
      for (const Value& value : values)
        tell(sign, name,
             value.text == "(set)" ? keyword : fmt::format("{} {}", keyword, shown(value, hidden)));
    };
    tell_all('-', before);
    tell_all('+', after);
  }

  void compare_lines(const Side& a, const Side& b, const std::string& name, bool hidden) {
    const auto before = a.lines();
    const auto after = b.lines();
    const auto first = [](const std::string& line) { return line.substr(0, line.find(' ')); };
    const auto show = [&](const std::string& line) {
      return hidden ? std::string{config::mask} : line;
    };
    std::size_t changes = 0;
    for (const std::string& line : before) {
      if (std::ranges::find(after, line) != after.end()) continue;
      ++changes;
      const auto other = std::ranges::find(after, first(line), first);
      if (other != after.end() && std::ranges::find(before, *other) == before.end())
        tell('~', name, fmt::format("{} -> {}", show(line), show(*other)));
      else
        tell('-', name, show(line));
    }
    for (const std::string& line : after)
      if (std::ranges::find(before, line) == before.end()) {
        ++changes;
        if (std::ranges::find(before, first(line), first) == before.end())
          tell('+', name, show(line));
      }
    // Adverts list the addresses in this order.
    if (changes == 0 && before != after && a.path.back()->keyword() == "virtual_ipaddress")
      tell('~', name, "the order");
  }

  void compare_blocks(const Side& a, const Side& b, const std::string& name, bool hidden) {
    const Groups old{a};
    const Groups now{b};
    for (const Group& group : old.all) {
      if (const Group* same = now.find(group.name))
        compare_groups(a, b, group, *same, name, hidden);
      else
        for (std::size_t i = 0; i < group.blocks.size(); ++i) tell('-', name, group.name);
    }
    for (const Group& group : now.all)
      if (old.find(group.name) == nullptr)
        for (std::size_t i = 0; i < group.blocks.size(); ++i) tell('+', name, group.name);
  }

  static Side inside(const Side& outer, std::span<const Statement* const> blocks) {
    Side side{outer.effective, outer.path, {}};
    side.path.push_back(blocks.front());
    for (const Statement* block : blocks)
      for (const Statement& child : block->children) side.statements.push_back(&child);
    return side;
  }

  void compare_groups(const Side& a, const Side& b, const Group& before, const Group& after,
                      const std::string& name, bool hidden) {
    const std::string path = name.empty() ? before.name : name + " / " + before.name;
    hidden = hidden || config::holds_secret(before.blocks.front()->keyword());
    const Side whole = inside(a, before.blocks);
    if (a.path.empty() || !a.effective.has_keywords(whole.block()))
      return compare(whole, inside(b, after.blocks), path, hidden);
    // Checks and urls: the equal ones first, the others in their order.
    std::vector<const Statement*> old = before.blocks;
    std::vector<const Statement*> now = after.blocks;
    std::erase_if(old, [&](const Statement* block) {
      const auto same = std::ranges::find_if(now, [&](const Statement* other) {
        Difference quiet;
        quiet.compare(inside(a, {&block, 1}), inside(b, {&other, 1}), "", false);
        return quiet.lines_.empty();
      });
      if (same == now.end()) return false;
      now.erase(same);
      return true;
    });
    for (std::size_t i = 0; i < std::max(old.size(), now.size()); ++i) {
      if (i >= old.size())
        tell('+', name, before.name);
      else if (i >= now.size())
        tell('-', name, before.name);
      else
        compare(inside(a, {&old[i], 1}), inside(b, {&now[i], 1}), path, hidden);
    }
  }

  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> difference(const Loaded& before, const Loaded& after) {
  return Difference{}.run(before, after);
}

}  // namespace holdfast::tool
