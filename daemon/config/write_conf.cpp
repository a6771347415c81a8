// Before a line for keepalived.conf is written, it is read back.
#include <algorithm>
#include <optional>
#include <vector>

#include "daemon/config/definitions.h"
#include "daemon/config/include.h"
#include "daemon/config/line.h"
#include "daemon/config/secret.h"
#include "daemon/config/write.h"
#include "daemon/config/write_words.h"

namespace holdfast::config {
namespace {

/// Writes keepalived.conf.
class ConfWriter {
 public:
  ConfWriter(const Text& text, const Comments& comments) : text_{text}, comments_{comments} {}

  Result<std::string> run(std::span<const Statement> tree) {
    block(tree, 0, false);
    add_comments(comments_of(comments_, nullptr).at_end, 0);
    if (problem_) return tl::make_unexpected(std::move(*problem_));
    return std::move(out_);
  }

 private:
  void block(std::span<const Statement> statements, std::size_t indent, bool secret) {
    for (const Statement& statement : statements) {
      if (problem_) return;
      const CommentsOf& comments = comments_of(comments_, &statement);
      // A blank line between top-level blocks.
      if (indent == 0 && !out_.empty() && statement.has_block) out_ += '\n';
      add_comments(comments.before, indent);
      const bool hidden = secret || holds_secret(statement.keyword());
      std::string line = safe_line(statement, hidden) + (statement.has_block ? " {" : "");
      if (comments.trailing) {
        // A backslash at the end of quotes keeps them open for a comment: it stands before then.
        constexpr std::string_view gap = "  ";
        const std::size_t behind = line.size() + gap.size();
        if (comment_begin(fmt::format("{}{}#", line, gap)) == behind)
          line.append(gap).append("#").append(*comments.trailing);
        else
          add_comments({*comments.trailing}, indent);
      }
      out_.append(indent, ' ');
      out_ += line;
      out_ += '\n';
      if (!statement.has_block) continue;
      block(statement.children, indent + 4, hidden);
      add_comments(comments.at_end, indent + 4);
      out_.append(indent, ' ');
      out_ += "}\n";
    }
  }

  void add_comments(const std::vector<std::string>& comments, std::size_t indent) {
    for (const std::string& comment : comments)
      out_ += fmt::format("{:{}}#{}\n", "", indent, comment);
  }

  /// The first spelling that reads back as the same words.
  std::string safe_line(const Statement& statement, bool hidden) {
    std::string plain = line_of(statement.words, statement.line, text_);
    if (reads_back(plain, statement)) return plain;
    if (std::string escaped = with_escapes(plain); reads_back(escaped, statement)) return escaped;
    std::string quoted;
    for (const Word& word : statement.words)
      quoted += fmt::format("{}\"{}\"", quoted.empty() ? "" : " ", word.text);
    if (reads_back(quoted, statement)) return quoted;
    std::vector<std::string_view> words;
    for (const Word& word : statement.words) words.push_back(word.text);
    if (hidden) words = {words.front(), mask};
    const std::string where = statement.line < text_.lines.size()
                                  ? fmt::format(" (line {})", text_.lines[statement.line].number)
                                  : "";
    problem_ = Error{fmt::format("keepalived.conf cannot say '{}'{}: it would read something else",
                                 fmt::join(words, " "), where)};
    return {};
  }

  /// `\#` and `\!` outside quotes.
  static std::string with_escapes(std::string_view line) {
    std::string out;
    bool inside = false;
    for (const char c : line) {
      if (c == '"') inside = !inside;
      if (!inside && (c == '#' || c == '!')) out += '\\';
      out += c;
    }
    return out;
  }

  static bool reads_back(const std::string& line, const Statement& wanted) {
    const std::string_view word = first_word(line);
    if (word.starts_with('@') || find_include_keyword(word) != nullptr ||
        !sequence_keyword(line).empty() || !definition_name(line).empty() ||
        line.starts_with("\xEF\xBB\xBF") || line.find('\0') != std::string::npos)
      return false;
    if (line.find('$') != std::string::npos && has_references(line)) return false;
    Diagnostics diagnostics;
    const std::string whole = without_comment(line + (wanted.has_block ? " {" : ""));
    const Text text{{"line"}, {{whole, 0, 1}}};
    const auto tree = parse_tree(text, diagnostics);
    return tree.size() == 1 && tree[0].has_block == wanted.has_block &&
           same_words(tree[0].words, wanted.words);
  }

  static bool has_references(const std::string& line) {
    const auto found = substitute(line, {},
                                  {".", "", [](const std::string&) { return ""; },
                                   [](std::uint64_t) { return std::uint64_t{0}; }});
    return !found || found->changed;
  }

  const Text& text_;
  const Comments& comments_;
  std::string out_;
  std::optional<Error> problem_;
};

}  // namespace

Result<std::string> to_conf(std::span<const Statement> tree, const Text& text,
                            const Comments& comments) {
  return ConfWriter{text, comments}.run(tree);
}

bool same_tree(std::span<const Statement> a, std::span<const Statement> b) {
  return std::ranges::equal(a, b, [](const Statement& x, const Statement& y) {
    return x.has_block == y.has_block && same_words(x.words, y.words) &&
           same_tree(x.children, y.children);
  });
}

}  // namespace holdfast::config
