// What the readers of named blocks share.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "daemon/config/schema.h"

namespace holdfast::vrrp {

/// Reads a block whose keyword as a whole is answered with "not supported yet", once: its rows are
/// read and checked, and do not say so again.
template <typename T>
void read_unbuilt(std::span<const config::Row<T>> schema, T& target,
                  const config::Statement& statement, std::string_view block,
                  config::Reader& reader) {
  std::vector<config::Row<T>> rows{schema.begin(), schema.end()};
  for (config::Row<T>& row : rows) row.built = true;
  config::read_block<T>(rows, target, statement.children, block, reader);
}

/// The name behind the keyword of a block; empty: none, or no block, and that has been reported.
std::string block_name(const config::Statement& statement, config::Reader& reader);

/// A fresh object for a named block, or nothing when the block cannot be read or its name is taken.
template <typename T>
std::optional<T> named_block(const std::vector<T>& others, const config::Statement& statement,
                             config::Reader& reader) {
  T made;
  made.name = block_name(statement, reader);
  made.place = statement.place();
  if (made.name.empty()) return std::nullopt;
  if (std::ranges::find(others, made.name, &T::name) == others.end()) return made;
  reader.warn(statement.place(1), fmt::format("{} '{}' is already defined; the first one stays",
                                              statement.keyword(), made.name));
  return std::nullopt;
}

}  // namespace holdfast::vrrp
