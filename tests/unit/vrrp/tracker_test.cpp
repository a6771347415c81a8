#include "vrrp/core/tracker.h"

#include <gtest/gtest.h>

#include <random>

namespace holdfast::vrrp {
namespace {

using namespace std::chrono_literals;

Tracked script(std::int16_t weight, bool reverse = false) {
  return {TrackKind::script, "chk", weight, reverse};
}
Tracked file(std::int16_t weight, bool reverse = false) {
  return {TrackKind::file, "f", weight, reverse};
}
constexpr TimePoint start{1h};

// runtime.md 9.1: W > 0 adds while good, W < 0 adds while bad, reverse flips, 0 means FAULT.
TEST(Tracker, WeightsCountAsInKeepalived) {
  struct Case {
    std::int16_t weight;
    bool reverse, good;
    int adds;
    bool fault;
  };
  for (const Case& c : {Case{10, false, true, 10, false}, Case{10, false, false, 0, false},
                        Case{-10, false, true, 0, false}, Case{-10, false, false, -10, false},
                        Case{10, true, true, 0, false}, Case{10, true, false, 10, false},
                        Case{-10, true, true, -10, false}, Case{-10, true, false, 0, false},
                        Case{0, false, true, 0, false}, Case{0, false, false, 0, true},
                        Case{0, true, true, 0, true}, Case{0, true, false, 0, false}}) {
    const auto got = contribution(script(c.weight, c.reverse), Reading::of(c.good));
    EXPECT_EQ(got.weight, c.adds) << c.weight << c.reverse << c.good;
    EXPECT_EQ(got.fault, c.fault) << c.weight << c.reverse << c.good;
    EXPECT_FALSE(got.waiting);
  }
}

TEST(Tracker, AFileIsItsNumberTimesTheWeight) {
  EXPECT_EQ(contribution(file(2), Reading::of_number(30)).weight, 60);
  EXPECT_EQ(contribution(file(2, true), Reading::of_number(30)).weight, -60);
  EXPECT_EQ(contribution(file(-1), Reading::of_number(30)).weight, -30);
  EXPECT_EQ(contribution(file(1), Reading::of_number(2'000'000'000)).weight, 253);
  EXPECT_EQ(contribution(file(1), Reading::of_number(-253)).weight, -253);
  EXPECT_TRUE(contribution(file(1), Reading::of_number(-254)).fault);
  EXPECT_TRUE(contribution(file(254), Reading::of_number(-2'000'000'000)).fault);
  EXPECT_TRUE(contribution(file(0), Reading::of_number(1)).fault);
  EXPECT_FALSE(contribution(file(0), Reading::of_number(0)).fault);
  EXPECT_TRUE(contribution(file(0, true), Reading::of_number(0)).fault);
}

TEST(Tracker, WhatIsNotKnownHoldsTheStartOnlyWhereItDecides) {
  EXPECT_TRUE(contribution(script(0), {}).waiting);
  EXPECT_FALSE(contribution(script(10), {}).waiting);
  EXPECT_EQ(contribution(script(10), {}).weight, 0);
  EXPECT_EQ(contribution(script(-10), {}).weight, 0);
  EXPECT_EQ(contribution(script(0), {Reading::Kind::left_out, 0}), Contribution{});
}

TEST(Tracker, ThePriorityStaysWithin1And254AndAnOwnersNeverChanges) {
  EXPECT_EQ(effective_priority(100, 10), 110);
  EXPECT_EQ(effective_priority(100, -200), 1);
  EXPECT_EQ(effective_priority(200, 200), 254);
  EXPECT_EQ(effective_priority(255, -200), 255);
}

TEST(Tracker, TheSumIsThatOfItsPartsAfterAnySequence) {
  std::mt19937 random{7};
  TrackedSum sum{20};
  std::vector<Contribution> parts(20);
  for (int round = 0; round < 10'000; ++round) {
    const std::size_t i = random() % parts.size();
    const Contribution now{static_cast<std::int16_t>(random() % 507 - 253), random() % 4 == 0,
                           random() % 5 == 0};
    EXPECT_EQ(sum.set(i, now), parts[i] != now);
    parts[i] = now;
    int total = 0;
    bool fault = false;
    bool waiting = false;
    for (const Contribution& part : parts) {
      total += part.weight;
      fault |= part.fault;
      waiting |= part.waiting;
    }
    ASSERT_EQ(sum.total(), total);
    ASSERT_EQ(sum.has_fault(), fault);
    ASSERT_EQ(sum.is_waiting(), waiting);
  }
}

TEST(ScriptHealth, TheFirstResultDecidesAtOnce) {
  ScriptHealth good{3, 3, false};
  EXPECT_EQ(good.reading(), Reading{});
  EXPECT_TRUE(good.result(true));
  EXPECT_EQ(good.reading(), Reading::of(true));
  ScriptHealth bad{3, 3, false};
  EXPECT_TRUE(bad.result(false));
  EXPECT_EQ(bad.reading(), Reading::of(false));
}
TEST(ScriptHealth, InitFailIsBadUntilOneGoodResult) {
  ScriptHealth health{3, 3, true};
  EXPECT_EQ(health.reading(), Reading::of(false));
  EXPECT_TRUE(health.result(true));
  EXPECT_EQ(health.reading(), Reading::of(true));
}
TEST(ScriptHealth, RiseAndFallCountResultsInARow) {
  for (std::uint32_t rise = 1; rise < 5; ++rise)
    for (std::uint32_t fall = 1; fall < 5; ++fall) {
      ScriptHealth health{rise, fall, false};
      health.result(true);
      for (int round = 0; round < 3; ++round) {
        for (std::uint32_t i = 1; i < fall; ++i) EXPECT_FALSE(health.result(false));
        EXPECT_TRUE(health.is_good());
        EXPECT_TRUE(health.result(false));
        for (std::uint32_t i = 1; i < rise; ++i) EXPECT_FALSE(health.result(true));
        EXPECT_FALSE(health.is_good());
        EXPECT_TRUE(health.result(true));
      }
      // One good result in between begins the row anew.
      for (int i = 0; i < 10; ++i) {
        for (std::uint32_t bad = 1; bad < fall; ++bad) health.result(false);
        health.result(true);
      }
      EXPECT_TRUE(health.is_good());
    }
}
TEST(ScriptHealth, ASuccessorGoesOn) {
  ScriptHealth health{2, 3, false};
  health.result(true);
  health.result(false);
  ScriptHealth next{2, 3, false};
  next.resume(health.counter());
  EXPECT_FALSE(next.result(false));
  EXPECT_TRUE(next.result(false));
  EXPECT_FALSE(next.is_good());
}

TEST(Settling, AStateCountsWhenItHasLasted) {
  Settling up{true};
  EXPECT_TRUE(up.set(false, start, 2s));
  EXPECT_EQ(up.due(), start + 2s);
  EXPECT_TRUE(up.set(true, start + 1s, 0s));  // it came back
  EXPECT_EQ(up.due(), std::nullopt);
  EXPECT_TRUE(up.set(false, start + 2s, 2s));
  EXPECT_TRUE(up.set(false, start + 3s, 2s));  // said again: the time runs on
  EXPECT_TRUE(up.at(start + 3999ms));
  EXPECT_FALSE(up.at(start + 4s));
  EXPECT_TRUE(up.set(true, start + 5s, 0s));
}

TEST(Damper, TheFirstChangeCountsAtOnceAndTheNextOnesWait) {
  Damper damper{0};
  EXPECT_EQ(damper.set(-20, start, 10s), -20);
  EXPECT_EQ(damper.set(0, start + 1s, 10s), -20);
  EXPECT_EQ(damper.due(10s), start + 10s);
  EXPECT_EQ(damper.set(-20, start + 2s, 10s), -20);
  EXPECT_EQ(damper.due(10s), std::nullopt);  // as it was: nothing waits
  damper.set(0, start + 3s, 10s);
  EXPECT_EQ(damper.set(0, start + 10s, 10s), 0);
  EXPECT_EQ(damper.set(-20, start + 11s, 0s), -20);  // without damping nothing waits
}

}  // namespace
}  // namespace holdfast::vrrp
