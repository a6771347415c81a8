#include "daemon/config/comments.h"

#include <algorithm>
#include <limits>

#include "daemon/config/braces.h"
#include "daemon/config/line.h"

namespace holdfast::config {
namespace {

struct FilePlace {
  std::uint32_t file = 0, number = 0;
  bool operator==(const FilePlace&) const = default;
};

struct Found {
  std::string text;
  bool alone = false;        ///< nothing else stands on the line
  bool conditional = false;  ///< `@ID`
};
using FoundByLine = std::unordered_map<std::uint32_t, Found>;

FoundByLine scan(std::string_view content) {
  FoundByLine found;
  for (std::uint32_t number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view line = content.substr(0, end);
    if (const std::size_t at = comment_begin(line); at < line.size()) {
      const std::string_view text = without_trailing_blanks(line.substr(at + 1, longest_comment));
      const std::string_view word = first_word(line.substr(0, at));
      found[number] = {std::string{text}, word.empty(), word.starts_with('@')};
    }
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  return found;
}

/// Where a line stands in a file; of the lines of a definition, where it is used.
FilePlace place_of(const Line& line, const Text& text) {
  FilePlace place{line.file, line.number};
  for (std::uint32_t via = line.via; via != 0 && via <= text.vias.size();
       via = text.vias[via - 1].outer) {
    const Via& link = text.vias[via - 1];
    if (link.kind == Via::Kind::included) break;
    if (link.kind == Via::Kind::body) place = {link.file, link.number};
  }
  return place;
}

class Attacher {
 public:
  explicit Attacher(std::span<const Comment> comments) : rest_{comments} {}

  Comments run(std::span<const Statement> tree) {
    block(nullptr, tree, 0, std::numeric_limits<std::uint32_t>::max());
    return std::move(comments_);
  }

 private:
  /// @param limit the line of the statement behind the block
  void block(const Statement* owner, std::span<const Statement> statements, std::size_t depth,
             std::uint32_t limit) {
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const Statement& statement = statements[i];
      const std::uint32_t sibling = i + 1 < statements.size() ? statements[i + 1].line : limit;
      const std::uint32_t next = statement.children.empty() ? sibling : statement.children[0].line;
      while (is_before(statement.line)) comments_[&statement].before.push_back(take());
      if (!rest_.empty() && rest_.front().line == statement.line && next != statement.line)
        comments_[&statement].trailing = take();
      if (statement.has_block) block(&statement, statement.children, depth + 1, sibling);
    }
    while (is_before(limit) && rest_.front().depth >= depth)
      comments_[owner].at_end.push_back(take());
  }

  [[nodiscard]] bool is_before(std::uint32_t line) const {
    return !rest_.empty() &&
           (rest_.front().line < line || (rest_.front().line == line && !rest_.front().trailing));
  }
  std::string take() {
    std::string text = rest_.front().text;
    rest_ = rest_.subspan(1);
    return text;
  }

  std::span<const Comment> rest_;
  Comments comments_;
};

}  // namespace

std::vector<Comment> conf_comments(const Text& text, const Files& files) {
  std::vector<FoundByLine> by_file;
  for (const std::string& path : text.files) {
    const auto file = files.read(path);
    by_file.push_back(file ? scan(file->content) : FoundByLine{});
  }
  std::vector<Comment> comments;
  std::size_t depth = 0;
  for (std::uint32_t i = 0; i < text.lines.size(); ++i) {
    const FilePlace place = place_of(text.lines[i], text);
    const std::size_t here = depth;
    for (const std::size_t brace : braces_of(text.lines[i].text))
      depth =
          text.lines[i].text[brace] == '{' ? depth + 1 : depth - std::min<std::size_t>(depth, 1);
    // Of the lines that were made from one, the last.
    if (i + 1 < text.lines.size() && place_of(text.lines[i + 1], text) == place) continue;
    const auto found = by_file[place.file].find(place.number);
    if (found == by_file[place.file].end()) continue;
    const bool used = !first_word(text.lines[i].text).empty();
    if (found->second.conditional && !used) continue;
    comments.push_back({found->second.text, i, used && !found->second.alone, here});
  }
  return comments;
}

Comments attach(std::span<const Statement> tree, std::span<const Comment> comments) {
  return Attacher{comments}.run(tree);
}

const CommentsOf& comments_of(const Comments& comments, const Statement* statement) {
  static const CommentsOf none;
  const auto found = comments.find(statement);
  return found == comments.end() ? none : found->second;
}

}  // namespace holdfast::config
