// Comments, which no other part reads: found in the files, and put beside the statements of the
// tree that they belong to, so that the writers (write.h) carry them over.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/config/source.h"
#include "daemon/config/text.h"
#include "daemon/config/tree.h"

namespace holdfast::config {

/// A comment and its place in the expanded text.
/// Bytes of a comment that are carried.
inline constexpr std::size_t longest_comment = 16UL * 1024;

struct Comment {
  std::string text;        ///< behind its `#` or `!`; at most `longest_comment` of it
  std::uint32_t line = 0;  ///< index into Text::lines: what it stands on, or before
  bool trailing = false;   ///< behind a statement on its line
  std::size_t depth = 0;   ///< blocks around it
};

/// Those of keepalived.conf, in their order; the files are read again. Left out are those on lines
/// for another config_id.
std::vector<Comment> conf_comments(const Text& text, const Files& files);
/// Those of a YAML file, of which `text` was made.
std::vector<Comment> yaml_comments(const Text& text, std::string_view content);

/// The comments of one statement.
struct CommentsOf {
  std::vector<std::string> before;      ///< on lines of their own
  std::optional<std::string> trailing;  ///< on its line
  std::vector<std::string> at_end;      ///< in its block, behind the last statement
};
/// By statement; null: the file, which has an end as well.
using Comments = std::unordered_map<const Statement*, CommentsOf>;

/// Each comment to one statement of the tree, which must stay where it is. Keeps their order.
Comments attach(std::span<const Statement> tree, std::span<const Comment> comments);

/// What a statement has; empty where it has none.
const CommentsOf& comments_of(const Comments& comments, const Statement* statement);

}  // namespace holdfast::config
