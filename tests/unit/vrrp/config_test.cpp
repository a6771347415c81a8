#include "vrrp/config/config.h"

#include <gtest/gtest.h>

#include "tests/unit/config_text.h"

namespace holdfast::vrrp {
namespace {

using config::FromText;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string instance(const std::string& lines, const char* name = "VI_1") {
  return fmt::format(
      "vrrp_instance {} {{\n interface eth0\n virtual_router_id 51\n"
      " virtual_ipaddress {{\n 192.0.2.1/24\n }}\n{}\n}}\n",
      name, lines);
}

TEST(VrrpConfig, ReadsAnInstanceWithItsDefaults) {
  FromText conf{instance("")};
  const VrrpConfig config = read_vrrp(conf.tree, conf.reader);
  EXPECT_EQ(conf.first(), "");
  const Instance& read = config.instances.at(0);
  EXPECT_EQ(read.router.priority, 100);
  EXPECT_EQ(read.router.version, Version::v2);
  EXPECT_EQ(read.router.advertisement_interval, seconds{1});
  EXPECT_TRUE(read.router.preempt);
  EXPECT_EQ(read.announce.repeat, 5U);
  EXPECT_EQ(read.addresses.at(0).interface, "eth0");
  EXPECT_EQ(read.checksum_style, ChecksumStyle::pseudo_header);
}
TEST(VrrpConfig, GlobalsCountWhereverTheyStand) {
  const std::string globals = "global_defs {\n vrrp_version 3\n vrrp_garp_master_repeat 2\n}\n";
  for (const std::string& text :
       {globals + instance("advert_int 0.05"), instance("advert_int 0.05") + globals}) {
    FromText conf{text};
    const Instance read = read_vrrp(conf.tree, conf.reader).instances.at(0);
    EXPECT_EQ(read.router.version, Version::v3);
    EXPECT_EQ(read.router.advertisement_interval, milliseconds{50});
    EXPECT_EQ(read.announce.repeat, 2U);
  }
}
TEST(VrrpConfig, MasterWithoutPriorityIsTheOwner) {
  FromText conf{instance("state MASTER")};
  EXPECT_EQ(read_vrrp(conf.tree, conf.reader).instances.at(0).router.priority, 255);
}
TEST(VrrpConfig, AddressLinesTakeTheirOptions) {
  FromText conf{instance(
      "virtual_ipaddress_excluded {\n 10.0.0.1/24 dev eth1 label eth1:x scope link brd +\n }")};
  const Instance read = read_vrrp(conf.tree, conf.reader).instances.at(0);
  EXPECT_EQ(conf.first(), "");
  const VirtualAddress& address = read.excluded.at(0);
  EXPECT_EQ(address.interface, "eth1");
  EXPECT_EQ(address.label, "eth1:x");
  EXPECT_EQ(address.scope, 253);
  EXPECT_EQ(address.broadcast->to_string(), "10.0.0.255");
}

struct Mistake {
  const char* line;
  const char* finding;
};
class VrrpMistakes : public testing::TestWithParam<Mistake> {};
TEST_P(VrrpMistakes, AreReportedAtTheirPlaceWithWhatWasMeant) {
  FromText conf{instance(GetParam().line)};
  read_vrrp(conf.tree, conf.reader);
  EXPECT_EQ(conf.first(), GetParam().finding);
}
INSTANTIATE_TEST_SUITE_P(
    , VrrpMistakes,
    testing::Values(Mistake{"priority 300",
                            "7:10: warning: 'priority' is 300, outside 1..255; the default stays"},
                    Mistake{"priority 100;",
                            "7:10: warning: 'priority' needs a whole number 1..255, found '100;': "
                            "remove ';' after the number; the line is ignored"},
                    Mistake{"priority=100",
                            "7:1: warning: unknown keyword 'priority=100' in vrrp_instance (did "
                            "you mean 'priority 100'?)"},
                    Mistake{"state PRIMARY",
                            "7:7: warning: 'state' needs one of BACKUP, MASTER, found 'PRIMARY'"},
                    Mistake{"debug 1", "7:1: note: 'debug' does nothing, as in keepalived"},
                    Mistake{"authentication {\n auth_type AH\n }",
                            "7:1: warning: vrrp_instance VI_1: authentication needs an auth_pass; "
                            "it is left out"},
                    Mistake{"virtual_ipaddress {\n 10.0.0.300/24\n }",
                            "8:2: warning: '10.0.0.300/24' is not an address; the line is skipped"},
                    Mistake{"virtual_ipaddress {\n 10.0.0.3/255.255.255.0\n }",
                            "8:11: warning: '255.255.255.0' is not a prefix length 0..32; 32 is "
                            "used (did you mean '/24'?)"},
                    Mistake{"unicast_peer {\n 2001:db8::1\n }",
                            "7:1: warning: vrrp_instance VI_1: unicast_peer 2001:db8::1 is left "
                            "out, since the instance is of IPv4"},
                    Mistake{"mcast_dst_ip ff02::99",
                            "7:14: warning: vrrp_instance VI_1: mcast_dst_ip ff02::99 is left out, "
                            "since the instance is of IPv4"},
                    Mistake{"unicast_ttl 3",
                            "7:13: warning: vrrp_instance VI_1: unicast_ttl does nothing without "
                            "unicast_peer"},
                    Mistake{"virtual_ipaddress {\n 2001:db8::1\n }",
                            "8:2: warning: 2001:db8::1 is not of the family of the first address; "
                            "it is left out (virtual_ipaddress_excluded takes both)"}));

TEST(VrrpConfig, WhatAnInstanceCannotDoWithoutIsNamed) {
  FromText conf{"vrrp_instance VI_1 {\n interface eth0\n}"};
  EXPECT_TRUE(read_vrrp(conf.tree, conf.reader).instances.empty());
  EXPECT_EQ(conf.first(),
            "1:1: error: vrrp_instance VI_1 needs 'virtual_router_id', for example "
            "'virtual_router_id 51'");
}
TEST(VrrpConfig, OneVridTwiceOnAnInterfaceIsRefused) {
  FromText conf{instance("") + instance("", "VI_2")};
  read_vrrp(conf.tree, conf.reader);
  EXPECT_TRUE(conf.diagnostics.has(config::Severity::error));
}
TEST(VrrpConfig, ScriptsThatMovedInTheFileChangeNothing) {
  FromText one{instance("notify_master \"/a\"")};
  FromText two{"\n" + instance("notify_master \"/a\"")};
  const Instance a = read_vrrp(one.tree, one.reader).instances.at(0);
  const Instance b = read_vrrp(two.tree, two.reader).instances.at(0);
  EXPECT_TRUE(equal_in_effect(a, b));
  FromText three{instance("priority 101")};
  EXPECT_FALSE(equal_in_effect(a, read_vrrp(three.tree, three.reader).instances.at(0)));
}

}  // namespace
}  // namespace holdfast::vrrp
