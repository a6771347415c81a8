// Any bytes as the JSON of a body, and any pointer to look in it: the first line is the pointer,
// the second the value, the rest the body.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "checkers/core/body_pattern.h"
#include "checkers/core/json_match.h"
#include "daemon/base/assert.h"

namespace {

using namespace holdfast::checkers;

std::string take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string line{rest.substr(0, end)};
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

std::optional<Verdict> judge(const HttpUrl& url, std::string_view body, std::size_t piece) {
  JsonMatch match;
  for (std::size_t at = 0; at < body.size(); at += piece)
    if (auto failure = match.add(url, body.substr(at, piece))) return failure;
  return match.finish(url);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  static const auto pattern = [] {
    BodyRegex regex;
    regex.pattern = "^(UP|[0-9]+)$";
    regex.options = {"utf"};
    return *BodyPattern::compile(regex);
  }();
  HttpUrl url{"/", "", {{200, 299}}, ""};
  const std::string pointer = take_line(rest);
  url.json = {{pointer, take_line(rest)}};
  const auto whole = judge(url, rest, rest.size() + 1);
  BASE_ASSERT(judge(url, rest, 3) == whole);
  url.json = {{pointer, "~", pattern}};
  (void)judge(url, rest, 100);
  url.json = {{pointer, std::nullopt}};
  const auto is_there = judge(url, rest, 100);
  // What has a value is there.
  if (!whole) BASE_ASSERT(!is_there);
  return 0;
}
