// YAML as a flat list of nodes with their places. Only yaml_nodes.cpp knows yaml-cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/config/yaml.h"

namespace holdfast::config::yaml {

/// A place in the file; both count from 1.
struct Spot {
  std::uint32_t line = 1, column = 1;
};

/// Nodes stand in the order of the file; those inside a mapping or list follow it up to `end`.
struct Node {
  enum class Kind : std::uint8_t { null, scalar, map, list } kind = Kind::null;
  bool quoted = false;  ///< a scalar in quotes, or a block scalar
  Spot at;
  std::size_t begin = 0, size = 0;  ///< of the text of a scalar, in Nodes::text
  std::size_t end = 0;              ///< index behind the last node inside
};

struct Nodes {
  std::vector<Node> all;
  std::string text;
  [[nodiscard]] std::string_view text_of(const Node& node) const {
    return std::string_view{text}.substr(node.begin, node.size);
  }
};

struct Problem {
  Spot at;
  std::string message;
};

/// The lines of a file without what ends them.
std::vector<std::string_view> split_lines(std::string_view content);

/// Cuts YAML into nodes. @param source the lines of `content`
tl::expected<Nodes, Problem> collect(std::string_view content,
                                     std::span<const std::string_view> source,
                                     const YamlLimits& limits);

}  // namespace holdfast::config::yaml
