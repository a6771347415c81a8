// grammar.md sections 4.1, 5 and 6.
#include "daemon/config/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string shape_of(std::string_view content) {
  const Parsed parsed{content};
  EXPECT_THAT(findings(parsed.diagnostics), IsEmpty()) << content;
  return shape(parsed.tree);
}

TEST(Tree, HasOneStatementForALine) { EXPECT_EQ(shape_of("a b c\n\n  d\n"), "a b c; d;"); }

TEST(Tree, SeparatesWordsAtEveryKindOfBlank) { EXPECT_EQ(shape_of("a\tb\vc\fd\re"), "a b c d e;"); }

TEST(Tree, NestsBlocks) {
  EXPECT_EQ(shape_of("a x {\n b 1\n c {\n  d\n }\n}\ne\n"), "a x { b 1; c { d; }; }; e;");
}

TEST(Tree, TakesABraceFromTheNextNonEmptyLine) {
  EXPECT_EQ(shape_of("a x\n\n{\n b\n}\n"), "a x { b; };");
}

TEST(Tree, FindsBracesAnywhereOutsideQuotes) {
  EXPECT_EQ(shape_of("a { b 1 } c 2"), "a { b 1; }; c 2;");
  EXPECT_EQ(shape_of("group{x y}"), "group { x y; };");
  EXPECT_EQ(shape_of("a { \"}\" {b} }"), "a { \"}\" { b; }; };");
}

TEST(Tree, KnowsAnEmptyBlockFromNone) { EXPECT_EQ(shape_of("a { }\nb"), "a {  }; b;"); }

TEST(Tree, KeepsAQuotedTextAsOneWord) {
  EXPECT_EQ(shape_of("a \"b  c\" d"), "a \"b  c\" d;");
  EXPECT_EQ(shape_of("a \"\""), "a \"\";");
}

TEST(Tree, SplitsAWordAtAQuoteInItsMiddle) { EXPECT_EQ(shape_of("ab\"cd\"ef"), "ab \"cd\" ef;"); }

TEST(Tree, KnowsNoEscapesAndNoSingleQuotes) {
  EXPECT_EQ(shape_of(R"(a "b\" 'c d')"), R"(a "b\" 'c d';)");
}

TEST(Tree, KnowsTheColumnOfEveryWord) {
  const Parsed parsed{"  ab \"c d\"  e{f}"};
  const Statement& statement = parsed.tree[0];
  EXPECT_EQ(statement.place(0), (Place{0, 3}));
  EXPECT_EQ(statement.place(1), (Place{0, 6}));
  EXPECT_EQ(statement.place(2), (Place{0, 13}));
  EXPECT_EQ(statement.children[0].place(), (Place{0, 15}));
  EXPECT_EQ(statement.end(), (Place{0, 14}));
}

TEST(Tree, SaysWhereAMissingArgumentWouldStandBehindAQuotedWord) {
  EXPECT_EQ(Parsed{"a \"b\""}.tree[0].end(), (Place{0, 6}));
}

TEST(Tree, DropsTheRestOfALineBehindAQuoteThatIsNeverClosed) {
  const Parsed parsed{"a {\n b 1 \"c } d\n}\n"};
  EXPECT_EQ(shape(parsed.tree), "a { b 1; };");
  EXPECT_THAT(
      findings(parsed.diagnostics),
      ElementsAre("2:6 warning this quote is never closed: the rest of the line is ignored"));
}

TEST(Tree, ReportsASurplusClosingBrace) {
  const Parsed parsed{"a {\n}\n }\nb\n"};
  EXPECT_EQ(shape(parsed.tree), "a {  }; b;");
  EXPECT_THAT(findings(parsed.diagnostics),
              ElementsAre("3:2 warning '}' without an open block: ignored"));
}

TEST(Tree, ReportsAnUnclosedBlockWhereItBegins) {
  const Parsed parsed{"a\n b {\n  c {\n   d\n"};
  EXPECT_EQ(shape(parsed.tree), "a; b { c { d; }; };");
  EXPECT_THAT(findings(parsed.diagnostics),
              ElementsAre("2:2 warning the block of 'b' that begins here is never closed",
                          "3:3 warning the block of 'c' that begins here is never closed"));
}

TEST(Tree, TellsFromTheIndentationWhereAClosingBraceIsMissing) {
  const Parsed parsed{"a {\n  b {\n    c\n}\n\na {\n  d\n}\n"};
  EXPECT_THAT(findings(parsed.diagnostics),
              ElementsAre("1:1 warning the block of 'a' that begins here is never closed",
                          "6:1 warning 'a' begins here while the block of 'a' (line 1) is still "
                          "open: a '}' seems to be missing before it"));
}

TEST(Tree, DoesNotGuessInAFileWithoutIndentation) {
  const Parsed parsed{"a {\nb {\nc\n}\n"};
  EXPECT_THAT(findings(parsed.diagnostics),
              ElementsAre("1:1 warning the block of 'a' that begins here is never closed"));
}

TEST(Tree, SaysNothingOfOddIndentationWhenAllBlocksAreClosed) {
  EXPECT_EQ(shape_of("  a {\n b {\n}\n}\n"), "a { b {  }; };");
}

TEST(Tree, IgnoresABlockWithoutAKeyword) {
  const Parsed parsed{"{ a }\nb { { c } d }\n"};
  EXPECT_EQ(shape(parsed.tree), "b { d; };");
  EXPECT_THAT(findings(parsed.diagnostics),
              ElementsAre("1:1 warning '{' without a keyword before it: ignored with its block",
                          "2:5 warning '{' without a keyword before it: ignored with its block"));
}

TEST(Tree, IgnoresASecondBlockOfOneStatement) {
  const Parsed parsed{"a { b } { c }\n"};
  EXPECT_EQ(shape(parsed.tree), "a { b; };");
  EXPECT_EQ(findings(parsed.diagnostics).size(), 1U);
}

TEST(Tree, StopsNestingAtItsLimitAndSaysSoOnce) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "a {\n";
  for (int i = 0; i < 100'000; ++i) deep += "}\n";
  const Parsed parsed{deep + "z\n"};
  EXPECT_EQ(parsed.tree.size(), 2U);
  EXPECT_EQ(parsed.tree[parsed.tree.size() - 1].keyword(), "z");
  EXPECT_THAT(findings(parsed.diagnostics),
              ElementsAre("33:1 error blocks are nested more than 32 deep"));
}

TEST(Tree, ReadsAsDeepAsItsLimit) {
  std::string deep;
  for (std::size_t i = 0; i < max_depth; ++i) deep += "a{";
  deep += "b";
  deep.append(max_depth, '}');
  shape_of(deep);
}

RC_GTEST_PROP(Tree, OfAnyBytesHasOnlyStatementsWithWords, ()) {
  const auto piece =
      rc::gen::element<std::string>("{", "}", "\"", " ", "\n", "a", "bc", "\t", "#", "\\", "'");
  const auto pieces = *rc::gen::container<std::vector<std::string>>(piece);
  std::string content;
  for (const std::string& each : pieces) content += each;
  const Parsed parsed{content};
  const auto check = [](const auto& self, std::span<const Statement> statements) -> void {
    for (const Statement& statement : statements) {
      RC_ASSERT(!statement.words.empty());
      if (!statement.has_block) RC_ASSERT(statement.children.empty());
      self(self, statement.children);
    }
  };
  check(check, parsed.tree);
}

RC_GTEST_PROP(Tree, PlacesEveryWordWhereItStands, ()) {
  const auto piece =
      rc::gen::element<std::string>("{", "}", "\"", " ", "\n", "a", "bc", "\t", "x y");
  const auto pieces = *rc::gen::container<std::vector<std::string>>(piece);
  std::string content;
  for (const std::string& each : pieces) content += each;
  const Parsed parsed{content};
  const auto check = [&](const auto& self, std::span<const Statement> statements) -> void {
    for (const Statement& statement : statements) {
      for (const Word& word : statement.words) {
        const std::string_view line = parsed.text.lines.at(statement.line).text;
        const std::size_t begin = word.column - 1 + (word.quoted ? 1 : 0);
        RC_ASSERT(line.substr(begin, word.text.size()) == word.text);
      }
      self(self, statement.children);
    }
  };
  check(check, parsed.tree);
}

}  // namespace
}  // namespace holdfast::config
