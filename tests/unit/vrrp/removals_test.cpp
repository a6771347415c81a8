#include "vrrp/core/removals.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint start{seconds{1000}};

TEST(RemovalCount, TwentyRemovalsOfOneObjectInTwoSecondsAreTooMany) {
  RemovalCount count;
  for (int i = 0; i < 19; ++i) EXPECT_FALSE(count.add("a", start + i * milliseconds{100}));
  EXPECT_TRUE(count.add("a", start + 19 * milliseconds{100}));
  EXPECT_FALSE(count.add("a", start + 20 * milliseconds{100}));
}
TEST(RemovalCount, OneRemovalOfEachOfManyObjectsIsNone) {
  RemovalCount count;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(count.add(std::to_string(i), start));
}
TEST(RemovalCount, SlowRemovalsNeverAddUp) {
  RemovalCount count;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(count.add("a", start + i * milliseconds{110}));
}

}  // namespace
}  // namespace holdfast::vrrp
