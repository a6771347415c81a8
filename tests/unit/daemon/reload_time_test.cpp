// When a reload is due: the lines of reload_time_file.
#include "daemon/reload_time.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace holdfast {
namespace {

/// 2026-11-21 12:00:00 UTC, which is 13:00:00 in Vienna.
constexpr std::time_t noon = 1795262400;
constexpr std::time_t hour = 3600;

class ReloadTimes : public testing::Test {
 protected:
  ReloadTimes() {
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    ::tzset();
  }
  ~ReloadTimes() override {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST_F(ReloadTimes, ATimeOfDayIsTheNextOne) {
  EXPECT_EQ(parse_reload_time("12:30:00Z", noon), (DueReload{noon + hour / 2, true}));
  EXPECT_EQ(parse_reload_time("11:30:00Z\n", noon), (DueReload{noon + 24 * hour - hour / 2, true}));
  EXPECT_EQ(parse_reload_time("12:00:00Z", noon), (DueReload{noon + 24 * hour, true}));
  EXPECT_EQ(parse_reload_time("13:30:00", noon), (DueReload{noon + hour / 2, true}));
}
TEST_F(ReloadTimes, ADateMayHaveACenturyAndMayBeInThePast) {
  EXPECT_EQ(parse_reload_time("2026-11-21 12:00:05Z", noon), (DueReload{noon + 5, false}));
  EXPECT_EQ(parse_reload_time("26-11-21 13:00:05\nmore", noon), (DueReload{noon + 5, false}));
  EXPECT_EQ(parse_reload_time("26-11-20 13:00:00", noon), (DueReload{noon - 24 * hour, false}));
}
TEST_F(ReloadTimes, TomorrowIsTheSameTimeOnTheClock) {
  constexpr std::time_t before_summer = 1774656000;  // 2026-03-28 01:00 in Vienna
  EXPECT_EQ(parse_reload_time("00:30:00", before_summer),
            (DueReload{before_summer + 23 * hour + hour / 2, true}));
  constexpr std::time_t the_day_itself = before_summer + 24 * hour;  // 02:00 becomes 03:00
  EXPECT_EQ(parse_reload_time("00:30:00", the_day_itself),
            (DueReload{the_day_itself + 22 * hour + hour / 2, true}));
}
TEST_F(ReloadTimes, NothingElseIsOne) {
  for (const char* text : {"",
                           "\n",
                           " 12:00:00",
                           "12:00:00 ",
                           "12:00",
                           "24:00:00",
                           "12:60:00",
                           "12:00:61",
                           "1:00:00",
                           "12:00:00z",
                           "2026-11-21  12:00:00",
                           "2026-11-2112:00:00",
                           "2026-13-01 12:00:00",
                           "2026-00-01 12:00:00",
                           "2026-01-00 12:00:00",
                           "1926-11-21 12:00:00",
                           "-1:00:00",
                           "2026/11/21 12:00:00",
                           "now",
                           "Z",
                           " Z"})
    EXPECT_EQ(parse_reload_time(text, noon), std::nullopt) << text;
}
TEST(ReloadMarkerPath, IsBesideThePidFile) {
  EXPECT_EQ(reload_marker_path("/run/holdfast/blue/holdfast.pid", false),
            "/run/holdfast/blue/holdfast.reload");
  EXPECT_EQ(reload_marker_path("/run/keepalived.pid", true), "/run/keepalived.reload");
}

}  // namespace
}  // namespace holdfast
