// Where a value comes from that a block does not set: keyword by keyword, the places to look.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace holdfast::tool {

/// Whose statement is looked for.
enum class Scope : std::uint8_t { block, server, service, globals };

struct Source {
  Scope scope = Scope::globals;
  std::string_view keyword{};  ///< empty: the argument `word` of the line that begins the block
  std::string_view when{};     ///< it counts only with this argument
  std::string_view implied{};  ///< the value then; empty: its own
  std::size_t word = 0;
  bool is_alias = false;  ///< another spelling of the keyword itself
};

/// A keyword that has a default elsewhere.
struct Inherited {
  std::string_view block;  ///< path as in KeywordInfo
  std::string_view keyword;
  std::vector<Source> sources;  ///< the first that is there counts
  /// Without any of them. Empty: the default of the last source, if it has one.
  std::string_view fallback;
};

/// @source keywords.tsv and runtime.md section 16.1; vrrp/config/complete.cpp and
/// checkers/config/complete.cpp do the same to the typed values
std::span<const Inherited> inherited_keywords();

}  // namespace holdfast::tool
