#include "vrrp/core/conflict.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Tell = ConflictWatch::Tell;
using Stranger = ConflictWatch::Stranger;

constexpr TimePoint start{seconds{1000}};
const IpAddress rival = IpAddress::v4(0x0A4D0002);
const IpAddress address = IpAddress::v4(0x0A4D0064);

TEST(ConflictWatch, ARivalIsToldAtOnceAndThenEverySecond) {
  ConflictWatch watch;
  int told = 0;
  for (int i = 0; i < 100; ++i) {
    const auto tell = watch.rival(rival, start + i * milliseconds{100}, milliseconds{400});
    EXPECT_EQ(tell == Tell::begins, i == 0);
    told += tell != Tell::nothing ? 1 : 0;
  }
  EXPECT_EQ(told, 10);
  EXPECT_EQ(watch.counters().conflicts, 1U);
  EXPECT_EQ(watch.counters().adverts, 100U);
}
TEST(ConflictWatch, ItIsWonWhenTheRivalIsSilent) {
  ConflictWatch watch;
  EXPECT_EQ(watch.deadline(), std::nullopt);
  watch.rival(rival, start, milliseconds{400});
  watch.rival(rival, start + milliseconds{300}, milliseconds{400});
  EXPECT_FALSE(watch.end_if_silent(start + milliseconds{699}));
  EXPECT_EQ(watch.deadline(), start + milliseconds{700});
  const auto ended = watch.end_if_silent(start + milliseconds{700});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->rival, rival);
  EXPECT_EQ(ended->adverts, 2U);
  EXPECT_FALSE(watch.is_open());
  EXPECT_EQ(watch.rival(rival, start + seconds{2}, milliseconds{400}), Tell::begins);
}
TEST(ConflictWatch, WhoYieldsInAConflictHasLostIt) {
  ConflictWatch watch;
  EXPECT_FALSE(watch.end(start));
  watch.rival(rival, start, milliseconds{400});
  EXPECT_TRUE(watch.end(start));
  EXPECT_FALSE(watch.end(start));
}
TEST(ConflictWatch, AnswersToARivalAreAnnouncedOnceASecond) {
  ConflictWatch watch;
  int announced = 0;
  for (int i = 0; i < 100; ++i)
    announced += watch.may_announce(start + i * milliseconds{50}) ? 1 : 0;
  EXPECT_EQ(announced, 5);
}
TEST(ConflictWatch, Rfc5227_2_4_AnAddressIsDefendedAtOnceAndThenEveryTenSeconds) {
  ConflictWatch watch;
  EXPECT_EQ(watch.stranger(address, start), Stranger::defend);
  EXPECT_EQ(watch.stranger(rival, start), Stranger::defend);
  EXPECT_EQ(watch.stranger(address, start + milliseconds{9999}), Stranger::known);
  EXPECT_EQ(watch.stranger(address, start + seconds{10}), Stranger::defend);
  EXPECT_EQ(watch.counters().frames, 4U);
}
TEST(ConflictWatch, WhatThePredecessorSaidIsNoConflict) {
  ConflictWatch watch;
  watch.became_active(start, milliseconds{200});
  EXPECT_EQ(watch.stranger(address, start + milliseconds{199}), Stranger::leftover);
  EXPECT_EQ(watch.counters().frames, 0U);
  EXPECT_EQ(watch.stranger(address, start + milliseconds{200}), Stranger::defend);
}

TEST(Cover, KeepsTheWidestGapsOpen) {
  const std::vector<NumberRange> all{{1, 3}, {10, 10}, {100, 101}};
  EXPECT_EQ(cover({3, 1, 2, 10, 101, 100, 100}, 64), all);
  EXPECT_EQ(cover({3, 1, 2, 10, 101, 100}, 2), (std::vector<NumberRange>{{1, 10}, {100, 101}}));
  EXPECT_EQ(cover({3, 100}, 1), (std::vector<NumberRange>{{3, 100}}));
  EXPECT_TRUE(cover({}, 4).empty());
}
RC_GTEST_PROP(Cover, CoversEverythingInOrder, (const std::vector<std::uint32_t>& numbers)) {
  const std::size_t most = *rc::gen::inRange<std::size_t>(1, 8);
  const auto ranges = cover(numbers, most);
  RC_ASSERT(ranges.size() <= most);
  for (std::size_t i = 1; i < ranges.size(); ++i) RC_ASSERT(ranges[i].first > ranges[i - 1].second);
  for (const std::uint32_t number : numbers)
    RC_ASSERT(std::any_of(ranges.begin(), ranges.end(), [&](const NumberRange& range) {
      return range.first <= number && number <= range.second;
    }));
}

}  // namespace
}  // namespace holdfast::vrrp
