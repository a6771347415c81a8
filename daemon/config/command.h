// Scripts as the configuration writes them: `"COMMAND ARGS" [USER [[:]GROUP]]`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/config/global.h"
#include "daemon/config/tree.h"

namespace holdfast::config {

struct Command {
  std::vector<std::string> argv;  ///< never empty
  std::optional<ScriptUser> user;
};

/// Splits as keepalived does: single and double quotes, adjacent parts join, C escapes
/// (grammar.md 4.2). Errors: an open quote, a backslash at the end, nothing at all.
Result<std::vector<std::string>> split_command(std::string_view text);
/// The command of a statement such as notify_master. Reads the line itself in `text`, since the
/// words of the tree know neither single quotes nor escapes.
Result<Command> read_command(const Statement& statement, const Text& text);
/// True for keywords whose argument is a script that a worker may ask for.
bool is_script_keyword(std::string_view keyword);

}  // namespace holdfast::config
