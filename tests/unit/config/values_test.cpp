// Each value says what was expected and found, and where. Severities are keepalived's behaviour.
#include "daemon/config/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::array<std::string_view, 2> words{"BACKUP", "MASTER"};
constexpr Range priority{1, 255};
constexpr Range interval{0.01, 255, "s"};

/// What `read(statement, reader)` makes of one line.
template <typename Read>
auto value_of(std::string_view line, Read read) {
  const Parsed parsed{line};
  Diagnostics diagnostics;
  Reader reader{diagnostics};
  auto value = read(parsed.tree[0], reader);
  return std::pair{value, findings(diagnostics)};
}
auto number(std::string_view line, const Rule& rule = priority) {
  return value_of(line, [&](const Statement& s, Reader& r) { return read_number(s, 1, rule, r); });
}
auto seconds_of(std::string_view line, const Rule& rule = interval) {
  return value_of(line, [&](const Statement& s, Reader& r) { return read_seconds(s, 1, rule, r); });
}
auto boolean(std::string_view line, const Rule& rule = Boolean{}) {
  return value_of(line, [&](const Statement& s, Reader& r) { return read_boolean(s, rule, r); });
}
auto choice(std::string_view line) {
  return value_of(
      line, [](const Statement& s, Reader& r) { return read_choice(s, 1, Choice{words}, r); });
}
auto address(std::string_view line) {
  return value_of(line, [](const Statement& s, Reader& r) { return read_address(s, 1, r); });
}
auto word(std::string_view line) {
  return value_of(line, [](const Statement& s, Reader& r) { return read_word(s, 1, r); });
}

TEST(Number, InItsRangeIsRead) {
  EXPECT_EQ(number("p 1").first, 1);
  EXPECT_EQ(number("p 255").first, 255);
  EXPECT_EQ(number("p +7").first, 7);
  EXPECT_EQ(number("p \"8\"").first, 8);
  EXPECT_EQ(number("p -5", Range{-10, 10}).first, -5);
  EXPECT_THAT(number("p 9").second, IsEmpty());
}

TEST(Number, OutsideItsRangeNamesTheRangeAndKeepsTheDefault) {
  const auto [value, found] = number("  p 300");
  EXPECT_EQ(value, std::nullopt);
  EXPECT_THAT(found, ElementsAre("1:5 warning 'p' is 300, outside 1..255; the default stays"));
}

TEST(Number, ThatIsNoneSaysWhatWasExpectedAndFound) {
  for (const std::string_view bad : {"x", "-", "+", "+-1", "--1", "0x", "nan", "\"\""}) {
    const auto [value, found] = number(fmt::format("p {}", bad), Range{1, 5});
    EXPECT_EQ(value, std::nullopt) << bad;
    EXPECT_EQ(found.size(), 1U) << bad;
  }
  EXPECT_THAT(number("p fiftyone").second,
              ElementsAre("1:3 warning 'p' needs a whole number 1..255, found 'fiftyone'; the "
                          "line is ignored"));
  EXPECT_EQ(number("p 99999999999999999999").first, std::nullopt);
}

TEST(Number, WithJunkBehindItSaysWhatToRemove) {
  const auto [value, found] = number("p 100;");
  EXPECT_EQ(value, std::nullopt);
  EXPECT_THAT(found, ElementsAre("1:3 warning 'p' needs a whole number 1..255, found '100;': "
                                 "remove ';' after the number; the line is ignored"));
}

TEST(Number, WithJunkBehindItIsUsedWhereKeepalivedUsesIt) {
  const auto [value, found] = number("p 3x", lenient(priority));
  EXPECT_EQ(value, 3);
  EXPECT_THAT(found, ElementsAre("1:3 warning 'p' needs a whole number 1..255, found '3x': remove "
                                 "'x' after the number; 3 is used"));
}

TEST(Number, ThatIsMissingIsAnErrorBehindTheKeyword) {
  const auto [value, found] = number("  p");
  EXPECT_EQ(value, std::nullopt);
  EXPECT_THAT(found,
              ElementsAre("1:4 error 'p' needs a whole number 1..255, and nothing follows it"));
}

TEST(Number, WithAWordBehindItIsReadAndTheWordIsNoted) {
  const auto [value, found] = number("p 5 priority 100");
  EXPECT_EQ(value, 5);
  EXPECT_THAT(found, ElementsAre("1:5 note 'priority' after the value of 'p' is ignored"));
}

TEST(Number, ThatIsVeryLongIsShownShort) {
  EXPECT_LT(number("p " + std::string(60'000, 'x')).second.at(0).size(), 200U);
  EXPECT_LT(number("p 1" + std::string(60'000, 'x')).second.at(0).size(), 300U);
}

RC_GTEST_PROP(Number, OfAnyIntegerIsReadOrReported, (std::int64_t any)) {
  const auto [value, found] = number(fmt::format("p {}", any));
  const bool in_range = any >= 1 && any <= 255;
  RC_ASSERT(value.has_value() == in_range);
  RC_ASSERT(found.size() == (in_range ? 0U : 1U));
  if (in_range) RC_ASSERT(*value == any);
}

TEST(Seconds, AreDecimal) {
  EXPECT_EQ(seconds_of("a 1").first, Duration{1s});
  EXPECT_EQ(seconds_of("a 0.01").first, Duration{10ms});
  EXPECT_EQ(seconds_of("a 0.1").first, Duration{100ms});
  EXPECT_EQ(seconds_of("a .5").first, Duration{500ms});
  EXPECT_EQ(seconds_of("a 40.95").first, Duration{40950ms});
}

TEST(Seconds, NameRangeAndUnit) {
  EXPECT_THAT(seconds_of("a 0").second,
              ElementsAre("1:3 warning 'a' is 0, outside 0.01..255 s; the default stays"));
  EXPECT_THAT(seconds_of("a -1").second,
              ElementsAre("1:3 warning 'a' is -1, outside 0.01..255 s; the default stays"));
}

TEST(Seconds, AreNeitherInfiniteNorExponential) {
  for (const std::string_view bad : {"inf", "nan", "infinity", "-inf", "1e3", "0x1"})
    EXPECT_EQ(seconds_of(fmt::format("a {}", bad)).first, std::nullopt) << bad;
}

TEST(Seconds, WithAUnitSayToRemoveIt) {
  EXPECT_THAT(seconds_of("a 2s").second,
              ElementsAre("1:3 warning 'a' needs seconds 0.01..255 s, found '2s': remove 's' after "
                          "the number; the line is ignored"));
}

TEST(Seconds, FinerThanAMicrosecondAreRoundedWithANote) {
  const auto [value, found] = seconds_of("a 1.1234567");
  EXPECT_EQ(value, Duration{1123457us});
  EXPECT_THAT(found, ElementsAre("1:3 note 'a' is rounded to microseconds"));
  EXPECT_THAT(seconds_of("a 1.123456").second, IsEmpty());
}

RC_GTEST_PROP(Seconds, AreExactInMicroseconds, ()) {
  const auto micros = *rc::gen::inRange<std::int64_t>(10'000, 255'000'001);
  const auto [value, found] =
      seconds_of(fmt::format("a {}.{:06}", micros / 1'000'000, micros % 1'000'000));
  RC_ASSERT(value == std::optional<Duration>{std::chrono::microseconds{micros}});
}

TEST(Bool, IsExactlyOneOfSixWordsAndBareIsTrue) {
  for (const std::string_view yes : {"b", "b true", "b on", "b yes"})
    EXPECT_EQ(boolean(yes).first, true) << yes;
  for (const std::string_view no : {"b false", "b off", "b no"})
    EXPECT_EQ(boolean(no).first, false) << no;
  const auto [value, found] = boolean("b Yes");
  EXPECT_EQ(value, std::nullopt);
  EXPECT_THAT(found,
              ElementsAre("1:3 warning 'b' needs true, yes, on, false, no or off, found 'Yes'"));
}

TEST(Bool, OfABareKeywordIsWhatTheRowSays) {
  EXPECT_EQ(boolean("preempt", Switch{}).first, true);
  EXPECT_EQ(boolean("nopreempt", Switch{false}).first, false);
  EXPECT_THAT(boolean("preempt x", Switch{}).second,
              ElementsAre("1:9 note 'x' after the value of 'preempt' is ignored"));
}

TEST(ChoiceValue, IsTheIndexOfItsWord) {
  EXPECT_EQ(choice("state MASTER").first, 1U);
  EXPECT_EQ(choice("state BACKUP").first, 0U);
}

TEST(ChoiceValue, SuggestsTheLikelyWord) {
  const auto [value, found] = choice("state MSATER");
  EXPECT_EQ(value, std::nullopt);
  EXPECT_THAT(found, ElementsAre("1:7 warning 'state' needs one of BACKUP, MASTER, found 'MSATER' "
                                 "(did you mean 'MASTER'?)"));
}

TEST(AddressValue, IsIpv4OrIpv6) {
  EXPECT_EQ(address("a 192.0.2.1").first, IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(address("a 2001:db8::1").first, IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(address("a 192.0.2.1/24").first, IpAddress::parse("192.0.2.1"));
  EXPECT_THAT(address("a 192.0.2.1/24").second,
              ElementsAre("1:3 note 'a' takes an address alone; '/24' is ignored"));
  const auto [value, found] = address("a 192.0.2.300");
  EXPECT_EQ(value, std::nullopt);
  EXPECT_THAT(found,
              ElementsAre("1:3 warning 'a' needs an IPv4 or IPv6 address, found '192.0.2.300'"));
}

TEST(WordValue, MayBeEmptyButNotMissing) {
  EXPECT_EQ(word("w \"\"").first, "");
  EXPECT_EQ(word("w").first, std::nullopt);
}

}  // namespace
}  // namespace holdfast::config
