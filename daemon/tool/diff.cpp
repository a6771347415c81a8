#include <cstdio>

#include "daemon/tool/difference.h"
#include "daemon/tool/tool.h"

namespace holdfast::tool {
namespace {

// As diff(1) has them.
constexpr int same = 0;
constexpr int different = 1;
constexpr int trouble = 2;

bool is_usable(const Loaded& loaded, const std::string& file) {
  if (!loaded.configuration.readable) {
    std::fputs(fmt::format("holdfast diff: {}\n", loaded.findings.front().message).c_str(), stderr);
    return false;
  }
  if (has(loaded.findings, config::Severity::error))
    std::fputs(fmt::format("{} has errors, so a reload would refuse it: "
                           "'holdfastd -t -f {}' shows them\n",
                           file, file)
                   .c_str(),
               stderr);
  return true;
}

}  // namespace

int diff(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) {
    std::fputs("holdfast diff: name two files\n", stderr);
    return trouble;
  }
  const Loaded before = load(arguments[0], "");
  const Loaded after = load(arguments[1], "");
  if (!is_usable(before, arguments[0]) || !is_usable(after, arguments[1])) return trouble;
  const auto lines = difference(before, after);
  for (const std::string& line : lines) std::fputs((line + "\n").c_str(), stdout);
  return lines.empty() ? same : different;
}

}  // namespace holdfast::tool
