// Every place where keepalived has a keyword is known here by name: read, or "not supported yet".
// The list is ../shared/reference/keywords.tsv, which is not part of the tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "checkers/config/config.h"
#include "daemon/config/global.h"
#include "vrrp/config/config.h"

namespace holdfast::config {
namespace {

using testing::IsEmpty;

/// Keywords that are known and not supported yet. May only fall: a feature lowers it.
constexpr std::size_t most_not_supported = 51;
/// Those that are supported. May only rise.
constexpr std::size_t least_supported = 561;

/// block -> keyword -> supported
using Keywords = std::map<std::string, std::map<std::string, bool>>;

/// `[type] goto` and `(address)` are descriptions in the list: the last word without brackets.
std::string bare(std::string keyword) {
  if (const auto blank = keyword.rfind(' '); blank != std::string::npos)
    keyword.erase(0, blank + 1);
  std::erase_if(keyword, [](char c) { return c == '[' || c == ']' || c == '(' || c == ')'; });
  return keyword;
}

void add(Keywords& keywords, const std::vector<KeywordInfo>& infos) {
  for (const KeywordInfo& info : infos)
    if (info.source != "Holdfast")  // our own, which keepalived's list does not have
      keywords[info.block][bare(info.keyword)] = info.supported;
}

Keywords ours() {
  Keywords keywords;
  std::vector<KeywordInfo> globals;
  describe<GlobalDefs>(global_schema(), "global_defs", globals);
  add(keywords, globals);
  add(keywords, describe_top_level());
  add(keywords, describe_later_blocks());
  add(keywords, vrrp::describe_vrrp());
  add(keywords, checkers::describe_checkers());
  return keywords;
}

/// `a|b (deprecated)` -> a, b
std::vector<std::string> spellings(std::string keyword) {
  if (const auto note = keyword.find(" (deprecated)"); note != std::string::npos)
    keyword.erase(note, std::string_view{" (deprecated)"}.size());
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= keyword.size();) {
    const std::size_t end = std::min(keyword.find('|', begin), keyword.size());
    out.push_back(bare(keyword.substr(begin, end - begin)));
    begin = end + 1;
  }
  return out;
}

/// Nothing: the list is not there.
std::optional<Keywords> theirs() {
  std::ifstream list{HOLDFAST_SHARED "/reference/keywords.tsv"};
  if (!list) return std::nullopt;
  Keywords keywords;
  std::string line;
  std::getline(list, line);  // the heading
  while (std::getline(list, line)) {
    const std::size_t tab = line.find('\t');
    const std::string block = line.substr(0, tab);
    if (block == "(parser)") continue;  // the language itself: expand_test, tree_test
    const std::string keyword = line.substr(tab + 1, line.find('\t', tab + 1) - tab - 1);
    for (const std::string& spelling : spellings(keyword)) keywords[block][spelling] = true;
  }
  return keywords;
}

class KeywordList : public testing::Test {
 protected:
  void SetUp() override {
    reference_ = theirs();
    if (!reference_) GTEST_SKIP() << "no " HOLDFAST_SHARED "/reference/keywords.tsv here";
  }
  std::optional<Keywords> reference_;
  Keywords ours_ = ours();
};

TEST_F(KeywordList, IsKnownByNameInEveryBlock) {
  std::vector<std::string> unknown;
  for (const auto& [block, keywords] : *reference_)
    for (const auto& [keyword, unused] : keywords)
      if (!ours_[block].contains(keyword)) unknown.push_back(block + ": " + keyword);
  EXPECT_THAT(unknown, IsEmpty());
}

TEST_F(KeywordList, HasEveryKeywordThatIsReadHere) {
  std::vector<std::string> invented;
  for (const auto& [block, keywords] : ours_)
    for (const auto& [keyword, unused] : keywords)
      if (!(*reference_)[block].contains(keyword)) invented.push_back(block + ": " + keyword);
  EXPECT_THAT(invented, IsEmpty());
}

TEST(KeywordSupport, OnlyGrows) {
  std::size_t supported = 0;
  std::size_t later = 0;
  for (const auto& [block, keywords] : ours()) {
    const auto here = static_cast<std::size_t>(
        std::ranges::count_if(keywords, [](const auto& entry) { return entry.second; }));
    std::cout << fmt::format("{:40} {:3} supported {:3} not yet\n", block, here,
                             keywords.size() - here);
    supported += here;
    later += keywords.size() - here;
  }
  std::cout << fmt::format("{:40} {:3} supported {:3} not yet\n", "all", supported, later);
  EXPECT_LE(later, most_not_supported);
  EXPECT_GE(supported, least_supported);
}

}  // namespace
}  // namespace holdfast::config
