// The include keywords and their patterns (grammar.md 11): which word asks for which checks, brace
// alternatives, and the files that a pattern names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/config/global_parts.h"

namespace holdfast::config {

struct IncludeKeyword {
  std::string_view word;
  IncludeChecks checks;
};

/// The keyword that is `word`; null when it is none.
const IncludeKeyword* find_include_keyword(std::string_view word);

/// Most alternatives that the braces of one pattern may make.
inline constexpr std::size_t max_brace_alternatives = 1000;
/// `{a,b}.conf` -> `a.conf`, `b.conf`; groups may follow each other and nest.
/// Errors: more than max_brace_alternatives, a pattern longer than a path may be.
Result<std::vector<std::string>> brace_alternatives(const std::string& pattern);

/// True when `pattern` may name more than one file: `*`, `?` or `[`.
bool has_wildcard(std::string_view pattern);

/// The existing files that `pattern` names, sorted. A relative pattern starts at the directory of
/// the file `from`, as keepalived reads it.
std::vector<std::string> matching_files(const std::string& pattern, const std::string& from);

}  // namespace holdfast::config
