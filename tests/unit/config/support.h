// What the tests of the configuration share: texts and trees from string literals, findings as
// short strings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/diagnostic.h"
#include "daemon/config/schema.h"
#include "daemon/config/text.h"
#include "daemon/config/tree.h"

namespace holdfast::config {

/// A text of one file `t.conf`, without expansion.
inline Text text_of(std::string_view content) {
  Text text{{"t.conf"}, {}};
  for (std::uint32_t number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    text.lines.push_back({text.storage.keep(std::string{content.substr(0, end)}), 0, number});
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  return text;
}

/// `line:column severity message` with 1-based lines of the text, in the order of reporting.
inline std::vector<std::string> findings(const Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& found : diagnostics.all())
    out.push_back(fmt::format("{}:{} {} {}", found.place.line + 1, found.place.column,
                              to_string(found.severity), found.message));
  return out;
}

/// A tree as one line: words between blanks, `"` around quoted ones, `{ }` around blocks, `;`
/// after statements.
inline std::string shape(std::span<const Statement> statements) {
  std::string out;
  for (const Statement& statement : statements) {
    if (!out.empty()) out += ' ';
    for (std::size_t i = 0; i < statement.words.size(); ++i) {
      const Word& word = statement.words[i];
      if (i > 0) out += ' ';
      out += fmt::format("{0}{1}{0}", word.quoted ? "\"" : "", word.text);
    }
    if (statement.has_block) out += " { " + shape(statement.children) + " }";
    out += ';';
  }
  return out;
}

/// A tree with what was found on the way.
struct Parsed {
  Text text;
  Diagnostics diagnostics;
  Tree tree;
  explicit Parsed(std::string_view content)
      : text{text_of(content)}, tree{parse_tree(text, diagnostics)} {}
};

}  // namespace holdfast::config
