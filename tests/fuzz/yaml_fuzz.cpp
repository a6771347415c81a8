// Any bytes as YAML, as far as the typed configuration. What was read is written in both languages
// and read again: it must be the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "checkers/config/config.h"
#include "daemon/base/assert.h"
#include "daemon/config/command.h"
#include "daemon/config/global.h"
#include "daemon/config/language.h"
#include "daemon/config/tree.h"
#include "daemon/config/write.h"
#include "daemon/config/yaml.h"
#include "vrrp/config/config.h"

namespace holdfast::config {
namespace {

constexpr YamlLimits limits{.nodes = 5000, .lines = 5000};

void check_text(const Expanded& expanded) {
  for (const Diagnostic& found : expanded.diagnostics.all()) {
    BASE_ASSERT(found.place.line < expanded.text.lines.size());
    BASE_ASSERT(!render(found, expanded.text).empty());
  }
  const auto sent = parse_text(serialize(expanded.text));
  BASE_ASSERT(sent.has_value());
}

void read_typed(std::span<const Statement> tree, const Text& text) {
  Diagnostics diagnostics;
  Reader reader{diagnostics};
  read_globals(tree, reader);
  vrrp::read_vrrp(tree, reader);
  checkers::read_checkers(tree, reader);
  for (const Diagnostic& found : diagnostics.all()) BASE_ASSERT(!render(found, text).empty());
}

Expanded read_conf(const std::string& content) {
  ExpandOptions options;
  options.files = {
      [&](const std::string&) { return Result<SourceFile>{{content, 0, 0}}; },
      [](const std::string&, const std::string&) { return std::vector<std::string>{}; }};
  return expand("fuzz", options);
}

void check_same(std::span<const Statement> tree, Expanded again) {
  const auto read = parse_tree(again.text, again.diagnostics);
  BASE_ASSERT(!again.diagnostics.has(Severity::error));
  BASE_ASSERT(same_tree(tree, read));
}

void check(std::string_view input) {
  language_of("", input);
  Expanded expanded = read_yaml("fuzz", input, limits);
  check_text(expanded);
  const auto tree = parse_tree(expanded.text, expanded.diagnostics);
  read_typed(tree, expanded.text);
  if (expanded.diagnostics.has(Severity::error)) return;
  const Comments comments = attach(tree, yaml_comments(expanded.text, input));
  check_same(tree, read_yaml("again", to_yaml(tree, expanded.text, comments)));
  if (const auto conf = to_conf(tree, expanded.text, comments)) check_same(tree, read_conf(*conf));
}

}  // namespace
}  // namespace holdfast::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  holdfast::config::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
