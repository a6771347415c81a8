// Which of its two languages a configuration is in: that of keepalived.conf, or YAML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/config/expand.h"

namespace holdfast::config {

enum class Language : std::uint8_t { conf, yaml };
/// By the ending of `path` (.conf; .yaml, .yml, .json); elsewhere by the first line that says
/// something.
Language language_of(std::string_view path, std::string_view content);

struct Loaded {
  Language language = Language::conf;
  Expanded expanded;
};
/// Reads the file in its language: expand() or read_yaml().
Loaded load(const std::string& path, const ExpandOptions& options);

}  // namespace holdfast::config
