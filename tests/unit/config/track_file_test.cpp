#include "daemon/config/track_file.h"

#include <gtest/gtest.h>

namespace holdfast::config {
namespace {

TEST(TrackFile, NumbersAreInCNotationAndTheRestIsIgnored) {
  EXPECT_EQ(number_in_file("12\n"), 12);
  EXPECT_EQ(number_in_file("  -7 words"), -7);
  EXPECT_EQ(number_in_file("+5"), 5);
  EXPECT_EQ(number_in_file("0x1F"), 31);
  EXPECT_EQ(number_in_file("010"), 8);
  EXPECT_EQ(number_in_file("0"), 0);
  EXPECT_EQ(number_in_file("0x"), 0);
  EXPECT_EQ(number_in_file("garbage 12"), 0);
  EXPECT_EQ(number_in_file(""), 0);
  EXPECT_EQ(number_in_file("-"), 0);
  EXPECT_EQ(number_in_file("99999999999999999999999"), 2'147'483'647);
  EXPECT_EQ(number_in_file("-99999999999999999999999"), -2'147'483'647 - 1);
  EXPECT_EQ(number_in_file("-2147483648"), -2'147'483'647 - 1);
}

}  // namespace
}  // namespace holdfast::config
