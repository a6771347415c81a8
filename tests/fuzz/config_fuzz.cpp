// Any bytes as a configuration: as the serialized form, as lines of a file, as a script line. Goes
// as far as the typed configuration of every process.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "checkers/config/config.h"
#include "daemon/base/assert.h"
#include "daemon/config/command.h"
#include "daemon/config/global.h"
#include "daemon/config/include.h"
#include "daemon/config/line.h"
#include "daemon/config/tree.h"
#include "vrrp/config/config.h"

namespace holdfast::config {
namespace {

/// What expand() does with the lines of one file, without files.
Text lines_of(std::string_view content) {
  Text text{{"fuzz"}, {}};
  for (std::uint32_t number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    std::string line = without_comment(content.substr(0, end));
    content.remove_prefix(std::min(end + 1, content.size()));
    const auto cut = directive_after_brace(line);
    BASE_ASSERT(!cut || *cut <= line.size());
    const std::size_t size = line.size();
    const bool ours = apply_condition(line, "fuzz");
    BASE_ASSERT(line.size() == size);
    if (!ours || is_sequence(line) || !definition_name(line).empty() ||
        !builtin_reference(line).empty() || find_include_keyword(first_word(line)) != nullptr)
      line.clear();
    text.lines.push_back({std::move(line), 0, number});
  }
  return text;
}

void read_scripts(const std::vector<Statement>& statements, const Text& text) {
  for (const Statement& statement : statements) {
    BASE_ASSERT(!statement.words.empty());
    BASE_ASSERT(statement.line < text.lines.size());
    if (const auto command = read_command(statement, text)) BASE_ASSERT(!command->argv.empty());
    read_scripts(statement.children, text);
  }
}

void read_everything(const Text& text) {
  Diagnostics diagnostics;
  Reader reader{diagnostics};
  const auto tree = parse_tree(text, diagnostics);
  read_globals(tree, reader);
  vrrp::read_vrrp(tree, reader);
  checkers::read_checkers(tree, reader);
  read_scripts(tree, text);
  for (const Diagnostic& found : diagnostics.all()) BASE_ASSERT(!render(found, text).empty());
}

void check_serialized(const Text& text) {
  const std::string bytes = serialize(text);
  const auto again = parse_text(bytes);
  BASE_ASSERT(again.has_value());
  BASE_ASSERT(serialize(*again) == bytes);
}

}  // namespace
}  // namespace holdfast::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::config;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  if (const auto text = parse_text(input)) {
    check_serialized(*text);
    read_everything(*text);
  }
  const Text text = lines_of(input);
  check_serialized(text);
  read_everything(text);
  if (const auto words = split_command(input)) BASE_ASSERT(!words->empty());
  if (const auto patterns = brace_alternatives(std::string{input}))
    BASE_ASSERT(!patterns->empty() && patterns->size() <= max_brace_alternatives);
  return 0;
}
