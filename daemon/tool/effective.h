// What is in effect in a block that does not say it: defaults, and what it takes from global_defs
// and from the blocks around it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/schema.h"
#include "daemon/tool/inherited.h"

namespace holdfast::tool {

/// A keyword that is in effect without standing in the block.
struct Setting {
  std::string keyword;
  std::string value;   ///< as the file would have it; "(set)": the bare keyword
  std::string origin;  ///< "default", "global_defs FILE:LINE", "virtual_server FILE:LINE"
};

/// The statements around a block and itself, outermost first.
using Path = std::vector<const config::Statement*>;
/// `virtual_server/real_server`, as in KeywordInfo.
std::string path_of(const Path& path);

class Effective {
 public:
  /// Everything that is passed must outlive it.
  Effective(std::span<const config::KeywordInfo> keywords, std::span<const config::Statement> tree,
            const config::Text& text);

  /// What is in effect in the block at the end of the path and does not stand in it, of keywords
  /// that are built. `statements`: those of the block.
  [[nodiscard]] std::vector<Setting> unset(
      const Path& path, std::span<const config::Statement* const> statements) const;
  /// What is known of a keyword; null: nothing.
  [[nodiscard]] const config::KeywordInfo* find(std::string_view block,
                                                std::string_view keyword) const;
  /// False for a block whose lines are values.
  [[nodiscard]] bool has_keywords(std::string_view block) const { return blocks_.contains(block); }
  /// `FILE:LINE`
  [[nodiscard]] std::string place_of(const config::Statement& statement) const;

 private:
  using Statements = std::span<const config::Statement* const>;
  [[nodiscard]] std::optional<Setting> resolve(const Inherited& inherited, const Path& path,
                                               Statements statements) const;
  [[nodiscard]] std::optional<Setting> from(const Source& source, const Path& path,
                                            Statements statements) const;
  [[nodiscard]] const config::Statement* statement_of(const Source& source, const Path& path,
                                                      Statements statements) const;
  [[nodiscard]] std::string fallback_of(const Inherited& inherited) const;

  struct Known {
    const config::KeywordInfo* info;
    const Inherited* inherited;  ///< null: its default is its own
  };
  std::map<std::string, std::vector<Known>, std::less<>> blocks_;
  std::vector<const config::Statement*> globals_;
  const config::Text& text_;
};

/// The words behind the keyword, with `"` where a word needs them.
std::string arguments_of(const config::Statement& statement);
/// false, no, off
bool is_off(std::string_view word);

}  // namespace holdfast::tool
