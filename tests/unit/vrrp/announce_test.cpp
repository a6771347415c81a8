#include "vrrp/core/announce.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint start{seconds{1000}};
constexpr AnnouncePlan once{1, Duration{0}, Duration{0}, 1};

Announcement address(int i, std::uint32_t interface = 1) {
  return {interface, IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(i))};
}

AnnounceSchedule::PaceOf every(Duration gap) {
  return [gap](const Announcement& what) { return Pace{{false, what.interface}, gap}; };
}

struct Sent {
  TimePoint when;
  Announcement what;
  bool operator==(const Sent&) const = default;
};

/// Sends what is due, each at its deadline, until `end`.
std::vector<Sent> run(AnnounceSchedule& schedule, TimePoint now, TimePoint end,
                      std::size_t slice = 64) {
  std::vector<Sent> sent;
  for (;;) {
    for (const Announcement& what : schedule.take_due(now, slice)) sent.push_back({now, what});
    const auto next = schedule.deadline();
    if (!next || *next > end) return sent;
    now = std::max(now, *next);
  }
}

TEST(AnnounceSchedule, FirstCopiesOfAllLeaveBeforeSecondCopiesOfAny) {
  AnnounceSchedule schedule;
  for (int i = 0; i < 10; ++i) schedule.start(address(i), {3, Duration{0}, Duration{0}, 1}, start);
  const auto sent = schedule.take_due(start, 100);
  ASSERT_EQ(sent.size(), 30U);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(sent[static_cast<std::size_t>(i)], address(i % 10));
  EXPECT_EQ(schedule.size(), 0U);
}
TEST(AnnounceSchedule, ANewAddressOvertakesTheSecondCopiesOfOthersAndTheirRefreshes) {
  AnnounceSchedule schedule;
  schedule.set_pace(every(milliseconds{1}), start);
  schedule.start(address(1), {3, Duration{0}, milliseconds{10}, 1}, start);
  EXPECT_EQ(run(schedule, start, start).size(), 1U);
  schedule.start(address(2, 1), once, start);
  const auto sent = run(schedule, start + milliseconds{20}, start + milliseconds{20});
  EXPECT_EQ(sent, (std::vector<Sent>{{start + milliseconds{20}, address(2)}}));
}
TEST(AnnounceSchedule, OneThatIsStartedAgainAndAgainGetsItsTurn) {
  AnnounceSchedule schedule;
  schedule.set_pace(every(milliseconds{10}), start);
  std::map<Announcement, int> copies;
  for (int round = 0; round < 100; ++round) {
    const TimePoint now = start + milliseconds{10 * round};
    for (int i = 0; i < 4; ++i) schedule.start(address(i), once, now);
    for (const Announcement& what : schedule.take_due(now, 64)) ++copies[what];
  }
  for (int i = 0; i < 4; ++i) EXPECT_EQ(copies[address(i)], 25);
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
TEST(AnnounceSchedule, RefreshGoesOnWithoutDriftUntilItIsCancelled) {
  AnnounceSchedule schedule;
  schedule.start(address(1), {1, Duration{0}, seconds{60}, 2}, start);
  EXPECT_EQ(schedule.take_due(start, 100).size(), 1U);
  for (int round = 1; round <= 5; ++round) {
    EXPECT_EQ(schedule.deadline(), start + seconds{60 * round});
    EXPECT_EQ(schedule.take_due(start + seconds{60 * round} + milliseconds{7}, 100).size(), 2U);
  }
  schedule.cancel(address(1));
  EXPECT_EQ(schedule.deadline(), std::nullopt);
}
TEST(AnnounceSchedule, ARefreshThatIsLateForWholeRoundsIsSentOnce) {
  AnnounceSchedule schedule;
  schedule.start(address(1), {1, Duration{0}, seconds{10}, 1}, start);
  EXPECT_EQ(schedule.take_due(start, 100).size(), 1U);
  EXPECT_EQ(schedule.take_due(start + seconds{95}, 100).size(), 1U);
  EXPECT_EQ(schedule.deadline(), start + seconds{105});
}
TEST(AnnounceSchedule, TheGapOfAnInterfaceIsKeptAndEveryAddressIsSent) {
  AnnounceSchedule schedule;
  schedule.set_pace(every(milliseconds{10}), start);
  for (int i = 0; i < 5; ++i) schedule.start(address(i), {2, Duration{0}, Duration{0}, 1}, start);
  const auto sent = run(schedule, start, start + seconds{1});
  ASSERT_EQ(sent.size(), 10U);
  for (std::size_t i = 0; i < sent.size(); ++i)
    EXPECT_EQ(sent[i], (Sent{start + i * milliseconds{10}, address(static_cast<int>(i % 5))}));
}
TEST(AnnounceSchedule, TheTimeOfACancelledAddressGoesToTheNextOne) {
  AnnounceSchedule schedule;
  schedule.set_pace(every(milliseconds{10}), start);
  for (int i = 0; i < 100; ++i) schedule.start(address(i), once, start);
  EXPECT_EQ(schedule.take_due(start, 64).size(), 1U);
  for (int i = 1; i < 99; ++i) schedule.cancel(address(i));
  EXPECT_EQ(run(schedule, start + milliseconds{10}, start + milliseconds{10}),
            (std::vector<Sent>{{start + milliseconds{10}, address(99)}}));
}
TEST(AnnounceSchedule, FamiliesAndInterfacesHaveTheirOwnTimers) {
  AnnounceSchedule schedule;
  schedule.set_pace(every(seconds{1}), start);
  schedule.start(address(1, 1), once, start);
  schedule.start(address(1, 2), once, start);
  schedule.start({1, *IpAddress::parse("2001:db8::1")}, once, start);
  EXPECT_EQ(schedule.take_due(start, 64).size(), 3U);
}
TEST(AnnounceSchedule, InterfacesOfAGroupShareOneTimer) {
  AnnounceSchedule schedule;
  schedule.set_pace([](const Announcement&) { return Pace{{true, 0}, seconds{1}}; }, start);
  schedule.start(address(1, 1), once, start);
  schedule.start(address(1, 2), once, start);
  EXPECT_EQ(run(schedule, start, start + seconds{5}),
            (std::vector<Sent>{{start, address(1, 1)}, {start + seconds{1}, address(1, 2)}}));
}
TEST(AnnounceSchedule, ANewPaceCountsForWhatWaitsAlready) {
  AnnounceSchedule schedule;
  schedule.set_pace(every(seconds{1}), start);
  for (int i = 0; i < 10; ++i) schedule.start(address(i), once, start);
  EXPECT_EQ(schedule.take_due(start, 64).size(), 1U);
  schedule.set_pace(every(milliseconds{1}), start);
  EXPECT_EQ(run(schedule, start, start + seconds{2}).size(), 9U);
  EXPECT_EQ(schedule.size(), 0U);
}
TEST(AnnounceSchedule, ASliceTakesNoMoreThanItMay) {
  AnnounceSchedule schedule;
  for (int i = 0; i < 100; ++i) schedule.start(address(i), once, start);
  EXPECT_EQ(schedule.take_due(start, 64).size(), 64U);
  EXPECT_EQ(schedule.take_due(start, 64).size(), 36U);
}
TEST(AnnounceSchedule, SecondCopiesWaitForFirstOnesThatAreStillToCome) {
  using Which = AnnounceSchedule::Which;
  AnnounceSchedule schedule;
  for (int i = 0; i < 10; ++i) schedule.start(address(i), {2, Duration{0}, Duration{0}, 1}, start);
  EXPECT_EQ(schedule.take_due(start, 64, Which::first_copies).size(), 10U);
  EXPECT_TRUE(schedule.take_due(start, 64, Which::first_copies).empty());
  EXPECT_EQ(schedule.take_due(start, 64).size(), 10U);
}
TEST(AnnounceSchedule, OneMoreCopyLeavesThePlanAsItWas) {
  AnnounceSchedule schedule;
  schedule.start(address(1), {2, seconds{5}, seconds{60}, 1}, start);
  EXPECT_EQ(run(schedule, start, start).size(), 2U);
  schedule.repeat(address(1), start + seconds{1});
  const auto sent = run(schedule, start + seconds{1}, start + seconds{65});
  EXPECT_EQ(sent, (std::vector<Sent>{{start + seconds{1}, address(1)},
                                     {start + seconds{5}, address(1)},
                                     {start + seconds{5}, address(1)},
                                     {start + seconds{65}, address(1)}}));
  schedule.repeat(address(2), start + seconds{66});
  EXPECT_EQ(schedule.take_due(start + seconds{66}, 64), (std::vector{address(2)}));
}

/// What happens to one address at a time, in milliseconds.
struct Change {
  int at = 0;
  Announcement what;
  std::optional<AnnouncePlan> plan;  ///< nothing: it leaves
};

rc::Gen<std::vector<Change>> any_changes() {
  const auto one = rc::gen::apply(
      [](int at, int number, std::uint32_t interface, std::uint32_t repeat, int delay,
         bool leaves) {
        const AnnouncePlan plan{repeat, milliseconds{delay}, Duration{0}, 1};
        return Change{at, address(number, interface), leaves ? std::nullopt : std::optional{plan}};
      },
      rc::gen::inRange(0, 200), rc::gen::inRange(0, 20), rc::gen::inRange<std::uint32_t>(1, 4),
      rc::gen::inRange<std::uint32_t>(1, 5), rc::gen::inRange(0, 50), rc::gen::arbitrary<bool>());
  return rc::gen::map(rc::gen::container<std::vector<Change>>(one), [](std::vector<Change> all) {
    std::ranges::stable_sort(all, {}, &Change::at);
    return all;
  });
}

/// Follows a schedule and what must hold of it.
class Watch {
 public:
  void changed(const Change& change) {
    left_.erase(change.what);
    silent_.erase(change.what);
    if (!change.plan) return;
    left_[change.what] = change.plan->repeat * (change.plan->delay > Duration{0} ? 2 : 1);
    silent_.insert(change.what);
  }
  void sent(const Sent& sent, Duration gap) {
    const auto left = left_.find(sent.what);
    RC_ASSERT(left != left_.end());  // it is there, and has something left to say
    if (--left->second == 0) left_.erase(left);
    const bool is_first = silent_.erase(sent.what) == 1;
    const std::uint32_t interface = sent.what.interface;
    const auto waits = [&](const Announcement& other) { return other.interface == interface; };
    RC_ASSERT(is_first || std::ranges::none_of(silent_, waits));
    const auto [last, is_new] = last_.try_emplace(interface, sent.when);
    RC_ASSERT(is_new || sent.when - last->second >= gap);
    last->second = sent.when;
  }
  void over() const { RC_ASSERT(left_.empty()); }

 private:
  std::map<Announcement, std::uint32_t> left_;
  std::set<Announcement> silent_;  ///< not announced since they were started
  std::map<std::uint32_t, TimePoint> last_;
};

RC_GTEST_PROP(AnnounceSchedule, EverythingIsSentInOrderAndInItsPace, ()) {
  const auto changes = *any_changes();
  const Duration gap = milliseconds{*rc::gen::inRange(0, 4)};
  const std::size_t slice = *rc::gen::inRange<std::size_t>(1, 70);
  AnnounceSchedule schedule;
  schedule.set_pace(every(gap), start);
  Watch watch;
  TimePoint now = start;
  const auto send_until = [&](TimePoint end) {
    while (schedule.deadline() && std::max(now, *schedule.deadline()) < end) {
      now = std::max(now, *schedule.deadline());
      for (const Announcement& what : schedule.take_due(now, slice)) watch.sent({now, what}, gap);
    }
  };
  for (const Change& change : changes) {
    send_until(start + milliseconds{change.at});
    now = start + milliseconds{change.at};
    watch.changed(change);
    if (change.plan)
      schedule.start(change.what, *change.plan, now);
    else
      schedule.cancel(change.what);
  }
  send_until(start + std::chrono::hours{1});
  watch.over();
  RC_ASSERT(schedule.size() == 0U);
}

}  // namespace
}  // namespace holdfast::vrrp
