#include "vrrp/core/slice.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast::vrrp {
namespace {

using std::chrono::microseconds;

TEST(Slice, FollowsWhatAChangeCostsInStepsOfTwo) {
  Slice slice;
  EXPECT_EQ(slice.size(), Slice::most);
  slice.took(64, microseconds{64 * 40});
  EXPECT_EQ(slice.size(), 32U);
  slice.took(32, microseconds{32 * 40});
  EXPECT_EQ(slice.size(), 25U);
  slice.took(25, microseconds{25 * 4});
  EXPECT_EQ(slice.size(), 50U);
}
RC_GTEST_PROP(Slice, StaysWithinItsBounds,
              (const std::vector<std::pair<std::uint16_t, int>>& runs)) {
  Slice slice;
  for (const auto& [count, duration] : runs) {
    slice.took(count, microseconds{duration});
    RC_ASSERT(slice.size() >= Slice::least && slice.size() <= Slice::most);
  }
}

}  // namespace
}  // namespace holdfast::vrrp
