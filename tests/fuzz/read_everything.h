// A text as far as the typed configuration of every process and every message about it.
#pragma once

#include "checkers/config/config.h"
#include "daemon/base/assert.h"
#include "daemon/config/command.h"
#include "daemon/config/global.h"
#include "daemon/config/root.h"
#include "daemon/config/tree.h"
#include "vrrp/config/config.h"

namespace holdfast::config {

inline void read_scripts(std::span<const Statement> statements, const Text& text) {
  for (const Statement& statement : statements) {
    BASE_ASSERT(!statement.words.empty());
    BASE_ASSERT(statement.line < text.lines.size());
    if (const auto command = read_command(statement, text)) BASE_ASSERT(!command->argv.empty());
    read_scripts(statement.children, text);
  }
}

inline void read_everything(const Text& text) {
  Diagnostics diagnostics;
  Reader reader{diagnostics};
  const auto tree = parse_tree(text, diagnostics);
  read_globals(tree, reader);
  read_root(tree, reader);
  vrrp::read_vrrp(tree, reader);
  checkers::read_checkers(tree, reader);
  read_scripts(tree, text);
  for (const Diagnostic& found : diagnostics.all()) BASE_ASSERT(!render(found, text).empty());
}

}  // namespace holdfast::config
