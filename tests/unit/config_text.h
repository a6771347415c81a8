// Configuration from a string: for tests of schemas. No files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/schema.h"
#include "daemon/config/tree.h"

namespace holdfast::config {

struct FromText {
  explicit FromText(std::string_view content) {
    text.files = {"test.conf"};
    std::uint32_t number = 0;
    while (!content.empty()) {
      const std::size_t end = std::min(content.find('\n'), content.size());
      text.lines.push_back({text.storage.keep(std::string{content.substr(0, end)}), 0, ++number});
      content.remove_prefix(std::min(end + 1, content.size()));
    }
    tree = parse_tree(text, diagnostics);
  }
  /// The first finding as LINE:COLUMN: severity: message; empty without any.
  [[nodiscard]] std::string first() const {
    if (diagnostics.all().empty()) return "";
    const Diagnostic& found = diagnostics.all().front();
    return fmt::format("{}:{}: {}: {}", found.place.line + 1, found.place.column,
                       to_string(found.severity), found.message);
  }
  Text text;
  Diagnostics diagnostics;
  Tree tree;
  Reader reader{diagnostics};
};

}  // namespace holdfast::config
