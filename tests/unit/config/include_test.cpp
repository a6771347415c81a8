#include "daemon/config/include.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::config {
namespace {

using testing::ElementsAre;

TEST(IncludeKeyword, NamesTheChecksByItsLastLetter) {
  const auto checks = [](std::string_view word) {
    const IncludeKeyword* found = find_include_keyword(word);
    return found == nullptr
               ? std::string{"none"}
               : fmt::format("{:d}{:d}{:d}{:d}", found->checks.readable, found->checks.literal,
                             found->checks.wildcard, found->checks.braces);
  };
  EXPECT_EQ(checks("include"), "0000");
  EXPECT_EQ(checks("includer"), "1000");
  EXPECT_EQ(checks("includem"), "1100");
  EXPECT_EQ(checks("includew"), "1110");
  EXPECT_EQ(checks("includeb"), "1001");
  EXPECT_EQ(checks("includea"), "1111");
  EXPECT_EQ(checks("includes"), "none");
  EXPECT_EQ(checks("Include"), "none");
}

TEST(BraceAlternatives, AreMadeInOrder) {
  EXPECT_THAT(brace_alternatives("{a,b,}.conf").value(), ElementsAre("a.conf", "b.conf", ".conf"));
}

TEST(BraceAlternatives, MultiplyAndNest) {
  EXPECT_THAT(brace_alternatives("{a,b}{1,2}").value(), ElementsAre("a1", "a2", "b1", "b2"));
  EXPECT_THAT(brace_alternatives("x{a,{b,c}d}").value(), ElementsAre("xa", "xbd", "xcd"));
}

TEST(BraceAlternatives, LeaveAnOpenBraceAlone) {
  EXPECT_THAT(brace_alternatives("a{b,c").value(), ElementsAre("a{b,c"));
  EXPECT_THAT(brace_alternatives("a}b").value(), ElementsAre("a}b"));
}

TEST(BraceAlternatives, AreBounded) {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "{a,b}";
  EXPECT_FALSE(brace_alternatives(pattern));
}

}  // namespace
}  // namespace holdfast::config
