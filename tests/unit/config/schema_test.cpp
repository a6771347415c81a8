// The table machinery: finding the row, and the answers for keywords without one.
#include "daemon/config/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Thing {
  int size = 1;
  std::vector<std::string> members;
};

void read_members(Thing& thing, const Row<Thing>&, const Statement& statement, Reader&) {
  for (const Statement& child : statement.children) thing.members.emplace_back(child.keyword());
}

constexpr std::array rows{
    field<&Thing::size>("size", Range{0, 10}, "RFC 1", "How large."),
    row<Thing>("members", "{ NAME ... }", "keepalived", "Who.", read_members),
    later<Thing>("colour", "NAME", "What colour."),
};

struct Outcome {
  Thing thing;
  std::vector<std::string> found;
};

Outcome read(std::string_view content) {
  const Parsed parsed{content};
  Outcome outcome;
  Diagnostics diagnostics;
  Reader reader{diagnostics};
  read_block<Thing>(rows, outcome.thing, parsed.tree, "thing", reader);
  outcome.found = findings(diagnostics);
  return outcome;
}

TEST(ReadBlock, ReadsEveryStatementWithItsRow) {
  const auto [thing, found] = read("size 3\nmembers { a\nb }\n");
  EXPECT_EQ(thing.size, 3);
  EXPECT_THAT(thing.members, ElementsAre("a", "b"));
  EXPECT_THAT(found, IsEmpty());
}

TEST(ReadBlock, LetsTheLastOfRepeatedValuesWin) {
  EXPECT_EQ(read("size 3\nsize 4\n").thing.size, 4);
}

TEST(ReadBlock, SuggestsTheLikelyKeyword) {
  EXPECT_THAT(read("\n sise 3\n").found,
              ElementsAre("2:2 warning unknown keyword 'sise' in thing (did you mean 'size'?)"));
}

TEST(ReadBlock, UnderstandsAnEqualsSign) {
  EXPECT_THAT(
      read("size=3\n").found,
      ElementsAre("1:1 warning unknown keyword 'size=3' in thing (did you mean 'size 3'?)"));
}

TEST(ReadBlock, DoesNotSuggestWhatIsFarAway) {
  EXPECT_THAT(
      read("// x\n").found,
      ElementsAre("1:1 warning unknown keyword '//' in thing: a comment begins with '#' or '!'"));
  EXPECT_THAT(
      read("vrrp_instance A {\n}\n").found,
      ElementsAre("1:1 warning 'vrrp_instance' stands at top level, not in thing: a '}' may "
                  "be missing before it"));
}

TEST(ReadBlock, NamesWhatIsNotSupportedYet) {
  EXPECT_THAT(read("colour red\n").found, ElementsAre("1:1 error 'colour' is not supported yet"));
}

TEST(ReadBlock, ReportsABlockThatIsMissingWhereTheKeywordStands) {
  const auto [thing, found] = read("members\nsize 3\n");
  EXPECT_THAT(found, ElementsAre("1:1 warning 'members' needs a block, and no '{' follows it"));
  EXPECT_EQ(thing.size, 3);
}

TEST(ReadBlock, ReadsAValueWithASurplusBlock) {
  const auto [thing, found] = read("size 3 { x }\n");
  EXPECT_THAT(found, ElementsAre("1:1 warning 'size' has no block: what stands in { } after it is "
                                 "ignored"));
  EXPECT_EQ(thing.size, 3);
}

TEST(Closest, CountsSwappedNeighboursAsOneMistake) {
  constexpr std::array<std::string_view, 2> known{"interface", "priority"};
  EXPECT_EQ(closest("itnerface", known), "interface");
  EXPECT_EQ(closest("priorty", known), "priority");
  EXPECT_EQ(closest("prio", known), "");
  EXPECT_EQ(closest("", known), "");
  EXPECT_EQ(closest(std::string(100'000, 'i'), known), "");
}

TEST(Describe, ListsEveryRowWithItsSupport) {
  std::vector<KeywordInfo> out;
  describe<Thing>(rows, "thing", out);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[0].block, "thing");
  EXPECT_EQ(out[0].keyword, "size");
  EXPECT_TRUE(out[0].supported);
  EXPECT_TRUE(out[1].supported);
  EXPECT_FALSE(out[2].supported);
}

}  // namespace
}  // namespace holdfast::config
