#include "checkers/core/alarms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace holdfast::checkers {
namespace {

struct Silent : Alarm {
  void ring() override {}
};

TimePoint at(int millisecond) { return TimePoint{std::chrono::milliseconds{millisecond}}; }

TEST(Alarms, TheEarliestOneIsTakenWhenItsTimeHasCome) {
  Alarms alarms;
  Silent late, early;
  alarms.set(late, at(20));
  alarms.set(early, at(10));
  EXPECT_EQ(alarms.earliest(), at(10));
  EXPECT_EQ(alarms.take_due(at(9)), nullptr);
  EXPECT_EQ(alarms.take_due(at(10)), &early);
  EXPECT_FALSE(early.is_set());
  EXPECT_TRUE(late.is_set());
  EXPECT_EQ(alarms.take_due(at(30)), &late);
  EXPECT_EQ(alarms.take_due(at(30)), nullptr);
  EXPECT_EQ(alarms.earliest(), std::nullopt);
}

TEST(Alarms, OneThatIsSetAgainRingsAtItsNewTime) {
  Alarms alarms;
  Silent moved, other;
  alarms.set(moved, at(10));
  alarms.set(other, at(20));
  alarms.set(moved, at(30));
  EXPECT_EQ(alarms.take_due(at(25)), &other);
  EXPECT_EQ(alarms.take_due(at(25)), nullptr);
  alarms.set(moved, at(5));
  EXPECT_EQ(alarms.take_due(at(25)), &moved);
}

TEST(Alarms, OneThatIsDestroyedIsForgottenAndOutlivesItsAlarms) {
  Silent survivor;
  {
    Alarms alarms;
    alarms.set(survivor, at(10));
    {
      Silent gone;
      alarms.set(gone, at(5));
    }
    EXPECT_EQ(alarms.earliest(), at(10));
  }
  EXPECT_FALSE(survivor.is_set());
}

TEST(Alarms, AnyOrderOfSettingMovingAndCancellingComesOutSorted) {
  std::minstd_rand random{1};
  Alarms alarms;
  std::vector<std::unique_ptr<Silent>> all(500);
  for (auto& alarm : all)
    alarms.set(*(alarm = std::make_unique<Silent>()), at(int(random() % 999)));
  for (std::size_t i = 0; i < all.size(); i += 3) all[i]->cancel();
  for (std::size_t i = 0; i < all.size(); i += 2) alarms.set(*all[i], at(int(random() % 999)));
  const auto set = std::ranges::count_if(all, [](const auto& alarm) { return alarm->is_set(); });
  std::vector<TimePoint> times;
  while (Alarm* due = alarms.take_due(at(1000))) times.push_back(due->at());
  EXPECT_TRUE(std::ranges::is_sorted(times));
  EXPECT_EQ(times.size(), static_cast<std::size_t>(set));
}

}  // namespace
}  // namespace holdfast::checkers
