// What is wanted of one kind of object, and by whom.
#include "vrrp/linux/keeper.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

using Settings = std::string;

TEST(Keeper, AnObjectThatAnotherOwnerHasWantedSinceStays) {
  Keeper<int, Settings> keeper;
  const int first = 0, second = 0;
  keeper.want(7, "a", {&first, OnLoss::restore});
  keeper.want(7, "b", {&second, OnLoss::tell});
  EXPECT_FALSE(keeper.unwant(7, &first));
  ASSERT_NE(keeper.find(7), nullptr);
  EXPECT_EQ(keeper.find(7)->settings, "b");
  EXPECT_TRUE(keeper.unwant(7, &second));
  EXPECT_EQ(keeper.find(7), nullptr);
  EXPECT_FALSE(keeper.unwant(7, &second));
}

}  // namespace
}  // namespace holdfast::vrrp
