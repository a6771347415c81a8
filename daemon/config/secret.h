// What no message, dump or difference shows: passwords and keys. A word is taken for one as soon as
// its place says so, whether its keyword is spelled right or not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/config/text.h"

namespace holdfast::config {

/// True for a keyword whose arguments, and lines where it has a block, are secret.
/// @source keywords.tsv: auth_pass, auth_hmac, `password` of SSL, and what slips make of them; and
/// what Holdfast's checks send: `header "Authorization: ..."`, `body`
constexpr bool holds_secret(std::string_view keyword) {
  return keyword.starts_with("auth_") || keyword == "authentication" ||
         keyword.starts_with("pas") || keyword.ends_with("word") || keyword == "header" ||
         keyword == "body";
}

/// What stands in the place of a secret.
inline constexpr std::string_view mask = "********";

/// Where the secret of a line begins, conf or YAML; npos: it has none.
/// @param inside a block that holds a secret: everything behind the keyword is one
std::size_t secret_begin(std::string_view line, bool inside);

/// Whether a keyword that holds a secret stands somewhere on the line.
bool names_secret(std::string_view line);

/// The line with a `*` for each character of its secret.
std::string masked(std::string_view line, bool inside);

/// A message about `line` without any word of its secret.
std::string without_secrets(std::string message, std::string_view line, bool inside);

/// Whether one of the blocks around a line holds a secret. Looks back 1000 lines at most.
bool is_in_secret_block(const Text& text, std::uint32_t line);

}  // namespace holdfast::config
