#include "daemon/tool/effective.h"

#include <algorithm>

#include "daemon/config/write_words.h"

namespace holdfast::tool {
namespace {

using config::KeywordInfo;
using config::Statement;

const Statement& as_statement(const Statement& statement) { return statement; }
const Statement& as_statement(const Statement* statement) { return *statement; }

const Statement* last_of(const auto& statements, std::string_view keyword) {
  const Statement* found = nullptr;
  for (const auto& entry : statements)
    if (as_statement(entry).keyword() == keyword) found = &as_statement(entry);
  return found;
}

/// `preempt` while `nopreempt` is there, or the other way.
bool is_denied(std::span<const Statement* const> statements, std::string_view keyword) {
  return std::ranges::any_of(statements, [&](const Statement* statement) {
    const std::string_view other = statement->keyword();
    return (other.starts_with("no") && (other.substr(2) == keyword ||
                                        (other.starts_with("no_") && other.substr(3) == keyword)));
  });
}

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::globals:
      return "global_defs";
    case Scope::service:
      return "virtual_server";
    case Scope::server:
      return "real_server";
    case Scope::block:
      return "";
  }
  return "";
}

/// The block of a scope among those around; null: there is none.
const Statement* block_of(Scope scope, const Path& path) {
  for (std::size_t i = 0; i + 1 < path.size(); ++i)
    if (path[i]->keyword() == name_of(scope)) return path[i];
  return nullptr;
}

}  // namespace

std::string path_of(const Path& path) {
  std::string out;
  for (const Statement* statement : path) {
    if (!out.empty()) out += '/';
    out += statement->keyword();
  }
  return out;
}

std::string arguments_of(const Statement& statement) {
  std::string out;
  for (std::size_t i = 1; i < statement.words.size(); ++i) {
    const std::string_view word = statement.words[i].text;
    if (i > 1) out += ' ';
    if (config::needs_quotes(word))
      out += fmt::format("\"{}\"", word);
    else
      out += word;
  }
  return out;
}

bool is_off(std::string_view word) { return word == "false" || word == "no" || word == "off"; }

Effective::Effective(std::span<const KeywordInfo> keywords, std::span<const Statement> tree,
                     const config::Text& text)
    : text_{text} {
  for (const KeywordInfo& info : keywords) {
    const auto inherited = std::ranges::find_if(inherited_keywords(), [&](const Inherited& row) {
      return row.block == info.block && row.keyword == info.keyword;
    });
    blocks_[info.block].push_back(
        {&info, inherited == inherited_keywords().end() ? nullptr : &*inherited});
  }
  for (const Statement& statement : tree)
    if (statement.keyword() == "global_defs")
      for (const Statement& child : statement.children) globals_.push_back(&child);
}

const KeywordInfo* Effective::find(std::string_view block, std::string_view keyword) const {
  const auto known = blocks_.find(block);
  if (known == blocks_.end()) return nullptr;
  for (const Known& one : known->second)
    if (one.info->keyword == keyword) return one.info;
  return nullptr;
}

std::string Effective::place_of(const Statement& statement) const {
  const config::Line& line = text_.lines[statement.line];
  return fmt::format("{}:{}", text_.files[line.file], line.number);
}

std::vector<Setting> Effective::unset(const Path& path, Statements statements) const {
  std::vector<Setting> settings;
  const std::string block = path_of(path);
  const auto known = blocks_.find(block);
  if (known == blocks_.end()) return settings;
  for (const auto& [info, inherited] : known->second) {
    if (!info->supported || last_of(statements, info->keyword) != nullptr ||
        is_denied(statements, info->keyword))
      continue;
    if (inherited == nullptr) {
      if (!info->default_value.empty())
        settings.push_back({info->keyword, info->default_value, "default"});
    } else if (auto setting = resolve(*inherited, path, statements)) {
      settings.push_back(std::move(*setting));
    }
  }
  return settings;
}

std::optional<Setting> Effective::resolve(const Inherited& inherited, const Path& path,
                                          Statements statements) const {
  for (const Source& source : inherited.sources) {
    if (source.is_alias && last_of(statements, source.keyword) != nullptr) return std::nullopt;
    if (auto setting = from(source, path, statements)) {
      setting->keyword = inherited.keyword;
      return setting;
    }
  }
  std::string value = fallback_of(inherited);
  if (value.empty()) return std::nullopt;
  return Setting{std::string{inherited.keyword}, std::move(value), "default"};
}

std::optional<Setting> Effective::from(const Source& source, const Path& path,
                                       Statements statements) const {
  const Statement* found = statement_of(source, path, statements);
  if (found == nullptr) return std::nullopt;
  const std::string origin =
      source.scope == Scope::block || !source.implied.empty()
          ? fmt::format("{}{}{} {}", name_of(source.scope), source.scope == Scope::block ? "" : " ",
                        source.keyword, place_of(*found))
          : fmt::format("{} {}", name_of(source.scope), place_of(*found));
  if (source.keyword.empty()) {
    if (found->words.size() <= source.word) return std::nullopt;
    return Setting{{}, std::string{found->words[source.word].text}, origin};
  }
  const std::string_view first =
      found->words.size() > 1 ? std::string_view{found->words[1].text} : std::string_view{};
  if (!source.when.empty() && first != source.when) return std::nullopt;
  if (!source.implied.empty()) {
    if (is_off(first)) return std::nullopt;
    return Setting{{}, std::string{source.implied}, origin};
  }
  return Setting{{}, first.empty() ? "yes" : arguments_of(*found), origin};
}

const Statement* Effective::statement_of(const Source& source, const Path& path,
                                         Statements statements) const {
  if (source.scope == Scope::globals) return last_of(globals_, source.keyword);
  if (source.scope == Scope::block) return last_of(statements, source.keyword);
  const Statement* block = block_of(source.scope, path);
  if (block == nullptr || source.keyword.empty()) return block;
  return last_of(block->children, source.keyword);
}

std::string Effective::fallback_of(const Inherited& inherited) const {
  if (!inherited.fallback.empty() || inherited.sources.empty())
    return std::string{inherited.fallback};
  const Source& last = inherited.sources.back();
  const KeywordInfo* info = find(name_of(last.scope), last.keyword);
  return info == nullptr ? "" : info->default_value;
}

}  // namespace holdfast::tool
