#include "checkers/core/turn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace holdfast::checkers {
namespace {

using namespace std::chrono_literals;

TimePoint at(Duration since) { return TimePoint{since}; }

/// Calls what it is given.
struct Bell : Alarm {
  std::function<void()> rings;
  void ring() override { rings(); }
};

/// A world in which every call costs time, as of a processor that is full.
struct World : TurnPort {
  TimePoint time{};
  std::function<void()> hears = [] {};
  TimePoint now() override { return time; }
  void hear() override { hears(); }
  Alarms limits, beginnings;
  bool turn() { return take_turn(*this, limits, beginnings); }
};

TEST(Turn, AnAnswerThatCameBeforeTheLimitCountsHoweverLateTheLoopIs) {
  World world;
  bool failed = false, answered = false;
  Bell limit;
  limit.rings = [&] { failed = true; };
  world.limits.set(limit, at(3s));
  world.hears = [&] {
    answered = true;
    limit.cancel();  // as the end of a check does
  };
  world.time = at(8s);
  world.turn();
  EXPECT_TRUE(answered);
  EXPECT_FALSE(failed);
}

TEST(Turn, ALimitThatPassesWhileOthersAreHeardRingsAfterTheNextHearing) {
  World world;
  int heard = 0, heard_at_limit = 0;
  Bell limit, begin;
  limit.rings = [&] { heard_at_limit = heard; };
  begin.rings = [] {};
  world.limits.set(limit, at(3s));
  world.beginnings.set(begin, at(1s));
  world.time = at(2s);
  world.hears = [&] {
    ++heard;
    world.time = at(5s);  // verdicts of others took so long
  };
  world.turn();
  EXPECT_EQ(heard_at_limit, 2);
}

TEST(Turn, SilenceFailsAtItsLimit) {
  World world;
  bool failed = false;
  Bell limit;
  limit.rings = [&] { failed = true; };
  world.limits.set(limit, at(3s));
  world.time = at(3s) - 1ns;
  EXPECT_FALSE(world.turn());
  EXPECT_FALSE(failed);
  world.time = at(3s);
  world.turn();
  EXPECT_TRUE(failed);
}

TEST(Turn, ManyThatAreDueBeginInTheirOrderAndAFewBetweenHearings) {
  World world;
  std::vector<int> begun;
  std::size_t most = 0, since = 0;
  std::deque<Bell> all(1000);
  for (int i = 0; i < 1000; ++i) {
    all[static_cast<std::size_t>(i)].rings = [&, i] {
      begun.push_back(i);
      most = std::max(most, ++since);
    };
    world.beginnings.set(all[static_cast<std::size_t>(i)], at(i * 1ms));
  }
  world.hears = [&] { since = 0; };
  world.time = at(10s);
  int turns = 1;
  while (world.turn()) ++turns;
  EXPECT_EQ(begun.size(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(begun));
  EXPECT_LE(most, static_cast<std::size_t>(begin_at_once));
  EXPECT_GT(turns, 3);  // others of the process are not kept waiting
}

/// A loop that can do 80 checks a second and has to do 100: each of them is done as often.
TEST(Turn, WhatCannotBeDoneInTimeIsDelayedEvenly) {
  World world;
  constexpr Duration cost = 12500us, interval = 1s;
  std::map<int, std::vector<TimePoint>> done;
  std::deque<Bell> all(100);
  for (int i = 0; i < 100; ++i) {
    Bell& check = all[static_cast<std::size_t>(i)];
    check.rings = [&world, &check, &done, i, cost, interval] {
      done[i].push_back(world.time);
      world.time += cost;
      world.beginnings.set(check, at_tick(next_beginning(check.at(), interval, world.time)));
    };
    world.beginnings.set(check, at(i * 10ms));
  }
  while (world.time < at(100s)) {
    world.turn();
    world.time += 1ms;
  }
  for (const auto& [check, times] : done) {
    EXPECT_NEAR(static_cast<double>(times.size()), 80, 2) << check;
    for (std::size_t i = 1; i < times.size(); ++i)
      EXPECT_LT(times[i] - times[i - 1], 1400ms) << check;
  }
}

TEST(Turn, ChecksOfALoopThatStoodStillAreSpreadAsBefore) {
  EXPECT_EQ(next_beginning(at(10s), 5s, at(13s)), at(15s));
  EXPECT_EQ(next_beginning(at(10s), 5s, at(17s)), at(17s));
  EXPECT_EQ(at_tick(at(15009ms)), at(15s));
}

}  // namespace
}  // namespace holdfast::checkers
