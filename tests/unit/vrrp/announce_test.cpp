#include "vrrp/core/announce.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint start{seconds{1000}};

Announcement address(int i) {
  return {1, IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(i))};
}

TEST(AnnounceSchedule, FirstCopiesOfAllLeaveBeforeSecondCopiesOfAny) {
  AnnounceSchedule schedule;
  for (int i = 0; i < 10; ++i) schedule.start(address(i), {3, Duration{0}, Duration{0}, 1}, start);
  const auto sent = schedule.take_due(start, 100);
  ASSERT_EQ(sent.size(), 30U);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(sent[static_cast<std::size_t>(i)], address(i % 10));
  EXPECT_EQ(schedule.size(), 0U);
}
TEST(AnnounceSchedule, TheSecondBlockComesAfterTheDelay) {
  AnnounceSchedule schedule;
  schedule.start(address(1), {2, seconds{5}, Duration{0}, 1}, start);
  EXPECT_EQ(schedule.take_due(start, 100).size(), 2U);
  EXPECT_EQ(schedule.deadline(), start + seconds{5});
  EXPECT_TRUE(schedule.take_due(start + seconds{4}, 100).empty());
  EXPECT_EQ(schedule.take_due(start + seconds{5}, 100).size(), 2U);
  EXPECT_EQ(schedule.deadline(), std::nullopt);
}
TEST(AnnounceSchedule, RefreshGoesOnUntilItIsCancelled) {
  AnnounceSchedule schedule;
  schedule.start(address(1), {1, Duration{0}, seconds{60}, 2}, start);
  EXPECT_EQ(schedule.take_due(start, 100).size(), 1U);
  for (int round = 1; round <= 5; ++round)
    EXPECT_EQ(schedule.take_due(start + seconds{60 * round}, 100).size(), 2U);
  schedule.cancel(address(1));
  EXPECT_EQ(schedule.deadline(), std::nullopt);
}
TEST(AnnounceSchedule, TheGapOfAnInterfaceIsKeptAndEveryAddressIsSent) {
  AnnounceSchedule schedule;
  schedule.set_gap(Family::ipv4, milliseconds{10});
  for (int i = 0; i < 5; ++i) schedule.start(address(i), {2, Duration{0}, Duration{0}, 1}, start);
  std::vector<TimePoint> times;
  for (int ms = 0; ms < 200; ++ms)
    for (const auto& sent : schedule.take_due(start + milliseconds{ms}, 100)) {
      (void)sent;
      times.push_back(start + milliseconds{ms});
    }
  ASSERT_EQ(times.size(), 10U);
  for (std::size_t i = 1; i < times.size(); ++i)
    EXPECT_GE(times[i] - times[i - 1], milliseconds{10});
}
TEST(AnnounceSchedule, ASliceTakesNoMoreThanItMay) {
  AnnounceSchedule schedule;
  for (int i = 0; i < 100; ++i) schedule.start(address(i), {1, Duration{0}, Duration{0}, 1}, start);
  EXPECT_EQ(schedule.take_due(start, 64).size(), 64U);
  EXPECT_EQ(schedule.take_due(start, 64).size(), 36U);
}

}  // namespace
}  // namespace holdfast::vrrp
