#include "vrrp/core/hold.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint now{1h};

TEST(HoldUntil, TheLaterEndCounts) {
  EXPECT_EQ(hold_until(0s, 0s, 5s, now), std::nullopt);
  EXPECT_EQ(hold_until(3s, 0s, 5s, now), now + 3s);
  EXPECT_EQ(hold_until(0s, 30s, 5s, now), now + 25s);
  EXPECT_EQ(hold_until(3s, 30s, 29s, now), now + 3s);
  EXPECT_EQ(hold_until(0s, 30s, 30s, now), std::nullopt);
  EXPECT_EQ(hold_until(0s, 30s, 3000s, now), std::nullopt);
}

}  // namespace
}  // namespace holdfast::vrrp
