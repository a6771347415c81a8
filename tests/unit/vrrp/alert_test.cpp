// Which transition is mailed, and with which words.
#include "vrrp/core/alert.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

TEST(Alert, HasTheWordsOfKeepalived) {
  std::string last;
  EXPECT_EQ(alert_of(AlertAbout::instance, "VI_1", "MASTER", false, last),
            (Alert{"VRRP Instance VI_1 - Entering MASTER state",
                   "=> VRRP Instance is now owning VRRP VIPs <="}));
  EXPECT_EQ(alert_of(AlertAbout::group, "G", "STOP", false, last),
            (Alert{"VRRP Group G - Stopping", "=> All VRRP group instances are now stopping <="}));
  EXPECT_EQ(alert_of(AlertAbout::instance, "VI_1", "DELETED", false, last),
            (Alert{"VRRP Instance VI_1 - Deleted", "=> VRRP Deleted at reload <="}));
}
TEST(Alert, OneStateIsNotMailedTwiceInARow) {
  std::string last;
  EXPECT_TRUE(alert_of(AlertAbout::instance, "VI_1", "BACKUP", true, last));
  EXPECT_FALSE(alert_of(AlertAbout::instance, "VI_1", "BACKUP", true, last));
  EXPECT_FALSE(alert_of(AlertAbout::instance, "VI_1", "FAULT", true, last)) << "no_email_faults";
  EXPECT_FALSE(alert_of(AlertAbout::instance, "VI_1", "BACKUP", true, last));
  EXPECT_TRUE(alert_of(AlertAbout::instance, "VI_1", "FAULT", false, last));
  EXPECT_TRUE(alert_of(AlertAbout::instance, "VI_1", "BACKUP", false, last));
}
TEST(Alert, OtherEventsAreNotMailed) {
  std::string last;
  EXPECT_FALSE(alert_of(AlertAbout::instance, "VI_1", "MASTER_RX_LOWER_PRI", false, last));
  EXPECT_FALSE(alert_of(AlertAbout::group, "G", "DELETED", false, last));
  EXPECT_EQ(last, "");
}

}  // namespace
}  // namespace holdfast::vrrp
