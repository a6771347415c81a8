// Any bytes as a configuration: as the serialized form, as lines of a file, as a script line. Goes
// as far as the typed configuration of every process.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/base/assert.h"
#include "daemon/config/command.h"
#include "daemon/config/expand.h"
#include "daemon/config/include.h"
#include "tests/fuzz/read_everything.h"

namespace holdfast::config {
namespace {

/// As a file whose includes name nothing.
Expanded expanded(std::string_view content) {
  const auto read = [&](const std::string& path) -> Result<SourceFile> {
    if (path != "fuzz") return fail("no file '{}'", path);
    return SourceFile{std::string{content}, 0, 0};
  };
  const auto match = [](const std::string&, const std::string&) {
    return std::vector<std::string>{"other"};
  };
  return expand("fuzz", {"fuzz", false, 64, {read, match}, 2000});
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
  if (const auto text = parse_text(std::string{input})) {
    check_serialized(*text);
    read_everything(*text);
  }
  const Expanded from_file = expanded(input);
  for (const Diagnostic& found : from_file.diagnostics.all())
    BASE_ASSERT(!render(found, from_file.text).empty());
  check_serialized(from_file.text);
  read_everything(from_file.text);
  if (const auto words = split_command(input)) BASE_ASSERT(!words->empty());
  if (const auto patterns = brace_alternatives(std::string{input}))
    BASE_ASSERT(!patterns->empty() && patterns->size() <= max_brace_alternatives);
  return 0;
}
