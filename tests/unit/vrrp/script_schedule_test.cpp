#include "vrrp/core/script_schedule.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1h};

ScriptSettings settings(const std::string& name, std::uint32_t fall = 1) {
  ScriptSettings made;
  made.name = name;
  made.identity = {"/bin/check", name};
  made.timeout = 500ms;
  made.fall = fall;
  return made;
}

struct Fixture {
  ScriptSchedule schedule;
  std::vector<std::string> overdue;
  std::vector<ScriptSchedule::Run> due(TimePoint now) {
    overdue.clear();
    return schedule.due(now, overdue);
  }
};

TEST(ScriptSchedule, RunsAtOnceAndThenEveryInterval) {
  Fixture f;
  f.schedule.set({settings("a")}, start);
  EXPECT_EQ(f.schedule.deadline(), start);
  auto runs = f.due(start);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].timeout, 500ms);
  EXPECT_TRUE(f.schedule.finished("a", runs[0].number, ScriptOutcome::good));
  EXPECT_EQ(f.schedule.reading("a"), Reading::of(true));
  EXPECT_TRUE(f.due(start + 999ms).empty());
  EXPECT_EQ(f.due(start + 1010ms).size(), 1U);
  EXPECT_EQ(f.schedule.deadline(), start + 2s);  // late, and no drift
}
TEST(ScriptSchedule, RunsNeverOverlap) {
  Fixture f;
  f.schedule.set({settings("a")}, start);
  const auto run = f.due(start).at(0);
  EXPECT_TRUE(f.due(start + 1s).empty());
  EXPECT_EQ(f.overdue, std::vector<std::string>{"a"});
  EXPECT_TRUE(f.schedule.finished("a", run.number, ScriptOutcome::timed_out));
  EXPECT_EQ(f.schedule.reading("a"), Reading::of(false));
  EXPECT_TRUE(f.due(start + 2s).empty());  // it is still being killed
  EXPECT_FALSE(f.schedule.finished("a", run.number, ScriptOutcome::ended));
  EXPECT_EQ(f.due(start + 3s).size(), 1U);
}
TEST(ScriptSchedule, WhatWasMissedIsNotMadeUpFor) {
  Fixture f;
  f.schedule.set({settings("a")}, start);
  f.schedule.finished("a", f.due(start).at(0).number, ScriptOutcome::good);
  EXPECT_EQ(f.due(start + 10s).size(), 1U);
  EXPECT_GT(*f.schedule.deadline(), start + 10s);
}
TEST(ScriptSchedule, ResultsOfARunThatIsNotOursAreIgnored) {
  Fixture f;
  f.schedule.set({settings("a")}, start);
  f.due(start);
  EXPECT_FALSE(f.schedule.finished("a", 99, ScriptOutcome::bad));
  EXPECT_FALSE(f.schedule.finished("b", 1, ScriptOutcome::bad));
}
TEST(ScriptSchedule, AScriptThatCanNeverBeStartedIsLeftOut) {
  Fixture f;
  f.schedule.set({settings("a")}, start);
  EXPECT_TRUE(f.schedule.finished("a", f.due(start).at(0).number, ScriptOutcome::refused));
  EXPECT_EQ(f.schedule.reading("a").kind, Reading::Kind::left_out);
  EXPECT_TRUE(f.schedule.finished("a", f.due(start + 1s).at(0).number, ScriptOutcome::bad));
  EXPECT_EQ(f.schedule.reading("a"), Reading::of(false));
  EXPECT_FALSE(f.schedule.finished("a", f.due(start + 2s).at(0).number, ScriptOutcome::refused));
  EXPECT_EQ(f.schedule.reading("a"), Reading::of(false));
}
TEST(ScriptSchedule, AReloadKeepsWhatIsUnchanged) {
  Fixture f;
  f.schedule.set({settings("a", 3), settings("b")}, start);
  for (const auto& run : f.due(start))
    f.schedule.finished(run.name, run.number, ScriptOutcome::good);
  f.schedule.finished("a", f.due(start + 1s).at(0).number, ScriptOutcome::bad);
  ScriptSettings other = settings("b");
  other.identity = {"/bin/other"};
  f.schedule.set({settings("a", 3), other}, start + 1500ms);
  EXPECT_EQ(f.schedule.reading("a"), Reading::of(true));
  EXPECT_EQ(f.schedule.counter("a"), 2U);  // one bad result of three
  EXPECT_EQ(f.schedule.reading("b"), Reading{});
  EXPECT_EQ(f.schedule.deadline(), start + 1500ms);  // b begins anew, a goes on at 2 s
}
TEST(ScriptSchedule, OtherTimesKeepTheVerdict) {
  Fixture f;
  f.schedule.set({settings("a")}, start);
  f.schedule.finished("a", f.due(start).at(0).number, ScriptOutcome::bad);
  ScriptSettings changed = settings("a", 5);
  changed.interval = 10s;
  f.schedule.set({changed}, start + 1s);
  EXPECT_EQ(f.schedule.reading("a"), Reading::of(false));
}

}  // namespace
}  // namespace holdfast::vrrp
