// grammar.md sections 3, 8 and 10: what the language reads on one line.
#include "daemon/config/line.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast::config {
namespace {

TEST(Comment, RunsFromHashOrExclamationMarkToTheEnd) {
  EXPECT_EQ(without_comment("a b # c"), "a b");
  EXPECT_EQ(without_comment("a b!c"), "a b");
  EXPECT_EQ(without_comment("# all"), "");
  EXPECT_EQ(without_comment("  a"), "  a");
}

TEST(Comment, DoesNotBeginInsideDoubleQuotes) {
  EXPECT_EQ(without_comment(R"(a "b # c" d # e)"), R"(a "b # c" d)");
}

TEST(Comment, BeginsInsideSingleQuotes) { EXPECT_EQ(without_comment("a 'b # c'"), "a 'b"); }

TEST(Comment, DoesNotBeginBehindABackslashAndTheBackslashGoes) {
  EXPECT_EQ(without_comment(R"(pass a\#b\!)"), "pass a#b!");
}

TEST(Comment, KeepsTheBackslashInsideQuotes) {
  EXPECT_EQ(without_comment(R"(a "b\#c" # d)"), R"(a "b\#c")");
}

TEST(Comment, HidesAQuoteBehindABackslash) {
  EXPECT_EQ(without_comment(R"(a "b \" # c" # d)"), R"(a "b \" # c")");
}

TEST(Comment, LeavesLaterWordsInTheirColumns) {
  EXPECT_EQ(without_comment(R"(a\#b\! c # d)"), "a#b!   c");
}

TEST(Comment, TakesTheCarriageReturnAndTrailingBlanksWithIt) {
  EXPECT_EQ(without_comment("a \t\r"), "a");
  EXPECT_EQ(without_comment("a # b\r"), "a");
}

RC_GTEST_PROP(Comment, RemovedTwiceIsRemovedOnceWithoutBackslashes, (std::string line)) {
  std::erase(line, '\\');
  const std::string once = without_comment(line);
  RC_ASSERT(without_comment(once) == once);
}

std::string conditional(std::string line, std::string_view id) {
  return apply_condition(line, id) ? line : "dropped";
}

TEST(Condition, KeepsALineForItsIdentityAndItsColumns) {
  EXPECT_EQ(conditional(" @main priority 1", "main"), "       priority 1");
  EXPECT_EQ(conditional("@main priority 1", "other"), "dropped");
}

TEST(Condition, WithACaretKeepsALineForAllOthers) {
  EXPECT_EQ(conditional("@^main a", "other"), "       a");
  EXPECT_EQ(conditional("@^main a", "main"), "dropped");
}

TEST(Condition, ComparesWholeWordsAndCase) {
  EXPECT_EQ(conditional("@main a", "mai"), "dropped");
  EXPECT_EQ(conditional("@main a", "mainx"), "dropped");
  EXPECT_EQ(conditional("@main a", "Main"), "dropped");
}

TEST(Condition, WithoutAnIdentityNeverMatchesAndItsNegationAlwaysDoes) {
  EXPECT_EQ(conditional("@main a", ""), "dropped");
  EXPECT_EQ(conditional("@^main a", ""), "       a");
}

TEST(Condition, StandsOnlyAtTheBeginningOfALine) {
  EXPECT_EQ(conditional("auth_pass a@b", "x"), "auth_pass a@b");
}

TEST(Definition, IsADollarANameAndAnEqualsSign) {
  EXPECT_EQ(definition_name("$VIP=10.0.0.1"), "VIP");
  EXPECT_EQ(definition_name("  $_a9= x"), "_a9");
  EXPECT_EQ(definition_name("$VIP"), "");
  EXPECT_EQ(definition_name("$VIP =x"), "");
  EXPECT_EQ(definition_name("$9=x"), "");
  EXPECT_EQ(definition_name("a $VIP=x"), "");
}

TEST(DirectiveAfterBrace, IsAnIncludeADefinitionASequenceOrACondition) {
  EXPECT_EQ(directive_after_brace("a { include b.conf"), 3U);
  EXPECT_EQ(directive_after_brace("a {} @main b"), 4U);
  EXPECT_EQ(directive_after_brace("a { $X=1"), 3U);
  EXPECT_EQ(directive_after_brace("a {~LST(x, 1) y"), 3U);
}

TEST(DirectiveAfterBrace, IsNothingElse) {
  EXPECT_FALSE(directive_after_brace("a { included b"));
  EXPECT_FALSE(directive_after_brace("a \"{ include b\""));
  EXPECT_FALSE(directive_after_brace("include b"));
  EXPECT_FALSE(directive_after_brace(""));
}

}  // namespace
}  // namespace holdfast::config
