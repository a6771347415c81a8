#include <algorithm>
#include <cstdio>
#include <set>

#include "daemon/tool/tool.h"

namespace holdfast::tool {
namespace {

void print(const config::KeywordInfo& info) {
  std::string text = fmt::format("{} {}", info.keyword, info.arguments);
  text.erase(text.find_last_not_of(' ') + 1);
  text += fmt::format("\n  in {}\n", info.block == "(root)" ? "the file itself" : info.block);
  if (!info.meaning.empty()) text += fmt::format("  {}\n", info.meaning);
  if (!info.default_value.empty()) text += fmt::format("  default: {}\n", info.default_value);
  if (!info.source.empty()) text += fmt::format("  source: {}\n", info.source);
  if (!info.supported) text += "  not supported yet\n";
  std::fputs((text + "\n").c_str(), stdout);
}

}  // namespace

int explain(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::fputs("holdfast explain: name a keyword\n", stderr);
    return usage_error;
  }
  const auto all = all_keywords();
  int status = 0;
  for (const std::string& keyword : arguments) {
    bool found = false;
    for (const config::KeywordInfo& info : all)
      if (info.keyword == keyword) {
        print(info);
        found = true;
      }
    if (found) continue;
    std::set<std::string_view> names;
    for (const config::KeywordInfo& info : all) names.insert(info.keyword);
    const std::vector<std::string_view> known{names.begin(), names.end()};
    std::fputs(fmt::format("holdfast explain: there is no keyword '{}'{}\n", keyword,
                           config::did_you_mean(keyword, known))
                   .c_str(),
               stderr);
    status = usage_error;
  }
  return status;
}

}  // namespace holdfast::tool
