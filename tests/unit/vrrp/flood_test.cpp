#include "vrrp/core/flood.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint start{seconds{1000}};

TEST(FloodGuard, BeginsWithAFullWindowAndEndsWhenItIsQuiet) {
  FloodGuard guard;
  EXPECT_FALSE(guard.note(FloodGuard::most_in_window, start));
  EXPECT_TRUE(guard.note(1, start + milliseconds{50}));
  EXPECT_TRUE(guard.is_flooded());
  EXPECT_EQ(guard.deadline(), start + milliseconds{50} + FloodGuard::quiet);
  EXPECT_FALSE(guard.expire(start + seconds{1}));
  EXPECT_TRUE(guard.expire(start + seconds{3}));
  EXPECT_FALSE(guard.is_flooded());
}
TEST(FloodGuard, WhatComesSlowlyIsNoFlood) {
  FloodGuard guard;
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(guard.note(FloodGuard::most_in_window, start + i * FloodGuard::window));
}
TEST(FloodGuard, ASampleCountsForAllThatItStandsFor) {
  FloodGuard guard;
  guard.note(FloodGuard::most_in_window + 1, start);
  const TimePoint later = start + seconds{1};
  EXPECT_FALSE(guard.note(FloodGuard::most_in_window / FloodGuard::sample + 1, later));
  EXPECT_EQ(guard.deadline(), later + FloodGuard::quiet);
}

}  // namespace
}  // namespace holdfast::vrrp
