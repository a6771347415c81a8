// Groups, static addresses, and the blocks about interfaces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/vrrp/config_support.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string two_instances = instance_with("") + instance_with("", "VI_2", 52);

TEST(SyncGroups, TakeEveryKeyword) {
  const ReadVrrp read{two_instances +
                      "vrrp_sync_group G {\n group { VI_1 VI_2 }\n track_interface {\n eth1\n }\n"
                      " notify_master \"/a\"\n notify_backup \"/b\"\n notify_fault \"/c\"\n"
                      " notify_stop \"/d\"\n notify \"/e\" nobody\n smtp_alert no\n"
                      " sync_group_tracking_weight\n notify_priority_changes\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  const SyncGroup& group = read.config.groups.sync.at(0);
  EXPECT_THAT(group.members, ElementsAre("VI_1", "VI_2"));
  EXPECT_EQ(group.track.interfaces.at(0).name, "eth1");
  EXPECT_TRUE(group.notify.master && group.notify.backup && group.notify.fault &&
              group.notify.stop && group.notify.any);
  EXPECT_EQ(group.smtp_alert, false);
  EXPECT_TRUE(group.weighted_tracking);
  EXPECT_EQ(group.notify_priority_changes, true);
}

TEST(SyncGroups, LeaveOutMembersThatAreNotThere) {
  const ReadVrrp read{two_instances + "vrrp_sync_group G {\n group {\n VI_1\n VI_3\n }\n}\n"};
  EXPECT_THAT(read.findings,
              ElementsAre("20:2 warning vrrp_sync_group G: there is no vrrp_instance 'VI_3'; it is "
                          "left out (did you mean 'VI_1'?)",
                          "17:1 warning vrrp_sync_group G has one member: there is nothing to keep "
                          "together"));
  EXPECT_THAT(read.config.groups.sync.at(0).members, ElementsAre("VI_1"));
}

TEST(SyncGroups, HoldAnInstanceOnce) {
  const ReadVrrp read{two_instances + "vrrp_sync_group G {\n group { VI_1 VI_2 }\n}\n" +
                      "vrrp_sync_group H {\n group { VI_1 VI_2 }\n}\n"};
  EXPECT_THAT(
      read.findings,
      Contains("21:10 warning vrrp_sync_group H: 'VI_1' is in group G already; it stays there"));
  EXPECT_EQ(read.config.groups.sync.size(), 1U);
}

TEST(TrackGroups, NameTheirMembers) {
  const ReadVrrp read{two_instances + "track_group T {\n group {\n VI_1\n VI_2\n }\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  EXPECT_THAT(read.config.groups.track.at(0).members, ElementsAre("VI_1", "VI_2"));
}

TEST(TrackGroups, TieTheirInstancesToTheInterfacesOfStaticLines) {
  const ReadVrrp read{two_instances +
                      "static_ipaddress {\n 198.51.100.1/24 dev eth5 track_group T\n"
                      " 198.51.100.2/24 dev eth6\n 198.51.100.3/24 dev eth6 track_group T no_track"
                      "\n}\n"
                      "static_routes {\n 203.0.113.0/24 track_group T nexthop via 198.51.100.9 dev "
                      "eth7 nexthop via 198.51.100.8 dev eth5\n}\n"
                      "static_rules {\n iif eth8 table 5 preference 7 track_group T\n}\n"
                      "track_group T {\n group {\n VI_2\n }\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  EXPECT_THAT(read.config.instances.at(0).tracked, IsEmpty());
  EXPECT_THAT(read.config.instances.at(1).tracked,
              ElementsAre(Tracked{TrackKind::interface, "eth5", 0, false},
                          Tracked{TrackKind::interface, "eth7", 0, false},
                          Tracked{TrackKind::interface, "eth8", 0, false}));
}

TEST(GarpGroups, PaceOneInterfaceOrSeveral) {
  const ReadVrrp read{
      "garp_group {\n garp_interval 0.005\n gna_interval 1\n interface eth0\n"
      " interfaces { eth1 eth2\n eth3\n }\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  const GarpGroup& group = read.config.groups.garp.at(0);
  EXPECT_EQ(group.garp_interval, milliseconds{5});
  EXPECT_EQ(group.gna_interval, seconds{1});
  EXPECT_THAT(group.separate, ElementsAre("eth0"));
  EXPECT_THAT(group.shared, ElementsAre("eth1", "eth2", "eth3"));
}

TEST(InterfaceDelays, HaveNoDelayOfComingUpUnlessWritten) {
  const ReadVrrp read{"interface_up_down_delays {\n eth0 1.5\n eth1 2 0.25\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  EXPECT_THAT(read.config.statics.delays,
              ElementsAre(InterfaceDelay{"eth0", milliseconds{1500}, seconds{0}},
                          InterfaceDelay{"eth1", seconds{2}, milliseconds{250}}));
}

TEST(Linkbeat, TakesAMethod) {
  const ReadVrrp read{"linkbeat_interfaces {\n eth0\n eth1 ETHTOOL\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  EXPECT_THAT(read.config.statics.linkbeat,
              ElementsAre(LinkbeatInterface{"eth0", LinkbeatMethod::automatic},
                          LinkbeatInterface{"eth1", LinkbeatMethod::ethtool}));
}

TEST(StaticAddresses, AreReadAsAddressLines) {
  const ReadVrrp read{"static_ipaddress {\n 192.0.2.1/24 dev eth0\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  EXPECT_EQ(read.config.statics.addresses.at(0).interface, "eth0");
}

class GroupMistakes : public testing::TestWithParam<Saying> {};
TEST_P(GroupMistakes, AreReportedWhereTheyAre) {
  const ReadVrrp read{GetParam().lines};
  EXPECT_THAT(read.findings, Contains(HasSubstr(GetParam().finding)));
}
INSTANTIATE_TEST_SUITE_P(
    , GroupMistakes,
    testing::Values(
        Saying{"vrrp_sync_group {\n}", "1:16 error 'vrrp_sync_group' needs a name"},
        Saying{"vrrp_sync_group G {\n}", "has no member"},
        Saying{"vrrp_sync_group G {\n global_tracking\n}",
               "2:2 warning 'global_tracking' is deprecated and does nothing"},
        Saying{"vrrp_sync_group G {\n notify_up \"/x\"\n}",
               "2:2 warning unknown keyword 'notify_up' in vrrp_sync_group (did you mean 'notify"},
        Saying{"track_group T {\n groups { a }\n}",
               "2:2 warning unknown keyword 'groups' in track_group (did you mean 'group'?)"},
        Saying{"static_ipaddress {\n 192.0.2.1/24 dev eth0 track_group U\n}\n"
               "track_group T {\n group { a }\n}",
               "2:2 warning there is no track_group 'U'; nothing follows this line"},
        Saying{"static_routes {\n 192.0.2.0/24 via 198.51.100.1 track_group T\n}\n"
               "track_group T {\n group { a }\n}",
               "2:2 warning the line names no interface: nothing in track_group T follows it"},
        Saying{"garp_group {\n interface eth0\n}",
               "1:1 warning garp_group has neither 'garp_interval' nor 'gna_interval'"},
        Saying{"garp_group {\n garp_interval 1\n}", "1:1 warning garp_group has no interface"},
        Saying{"garp_group {\n garp_interval -1\n}",
               "2:16 warning 'garp_interval' is -1, outside 0..4294 s; the default stays"},
        Saying{"garp_group {\n interface aninterfacetoolong\n}",
               "2:12 error 'aninterfacetoolong' is longer than an interface name may be (15)"},
        Saying{"interface_up_down_delays {\n eth0\n}", "2:6 error 'eth0' needs seconds 0..255 s"},
        Saying{"interface_up_down_delays {\n eth0 1 256\n}",
               "2:9 warning 'eth0' is 256, outside 0..255 s"},
        Saying{"interface_up_down_delays {\n eth0 1\n eth0 2\n}",
               "3:2 warning 'eth0' is there twice; the first one stays"},
        Saying{"linkbeat_interfaces {\n eth0 MI\n}",
               "2:7 warning 'eth0' needs one of MII, ETHTOOL, IOCTL, found 'MI' (did you mean "
               "'MII'?)"},
        Saying{"static_ipaddress x {\n}",
               "1:18 warning 'x' between 'static_ipaddress' and its '{' is ignored"},
        Saying{"static_ipaddress", "1:1 warning 'static_ipaddress' needs a block"}));

}  // namespace
}  // namespace holdfast::vrrp
