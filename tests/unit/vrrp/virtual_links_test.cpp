#include "vrrp/config/virtual_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/vrrp/config_support.h"

namespace holdfast::vrrp {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr MacAddress v4_mac{0, 0, 0x5e, 0, 1, 51};
constexpr MacAddress v6_mac{0, 0, 0x5e, 0, 2, 51};

std::string v6_instance(const std::string& lines, const char* name = "V6") {
  return fmt::format(
      "vrrp_instance {} {{\n interface eth0\n virtual_router_id 51\n"
      " virtual_ipaddress {{\n fe80::1/64\n }}\n{}\n}}\n",
      name, lines);
}

std::vector<std::string> names_of(const VrrpConfig& config) {
  std::vector<std::string> names;
  for (const Instance& instance : config.instances)
    for (const MadeLink& link : instance.made) names.push_back(link.name);
  return names;
}

TEST(VirtualLinkConfig, Rfc9568_7_3_TheVirtualMacIsThatOfTheFamilyAndTheVrid) {
  const ReadVrrp read{instance_with("use_vmac") + v6_instance("use_vmac")};
  EXPECT_THAT(read.findings, IsEmpty());
  const MadeLink& v4 = *read.config.instances.at(0).own_link();
  const MadeLink& v6 = *read.config.instances.at(1).own_link();
  EXPECT_EQ(v4.mac, v4_mac);
  EXPECT_EQ(v6.mac, v6_mac);
  EXPECT_EQ(v4.base, "eth0");
  EXPECT_TRUE(v6.carries_ipv6);
  EXPECT_FALSE(v4.carries_ipv6);
  EXPECT_THAT(names_of(read.config), ElementsAre("vrrp.51", "vrrp6.51"));
}

TEST(VirtualLinkConfig, FiveOctetsAreFollowedByTheVrid) {
  const auto mac = [](const std::string& lines) {
    return ReadVrrp{instance_with(lines)}.config.instances.at(0).own_link()->mac;
  };
  EXPECT_EQ(mac("use_vmac 02:01:02:03:04"), (MacAddress{2, 1, 2, 3, 4, 51}));
  EXPECT_EQ(mac("use_vmac 02:01:02:03:04:05"), (MacAddress{2, 1, 2, 3, 4, 5}));
}

TEST(VirtualLinkConfig, AddressesLiveThereUnlessTheySayWhere) {
  const ReadVrrp read{
      instance_with("use_vmac\nvirtual_ipaddress_excluded {\n 192.0.2.9 dev eth0\n"
                    " 192.0.2.10 dev eth1\n 192.0.2.11 dev eth1 use_vmac\n 2001:db8::1\n}")};
  const Instance& instance = read.config.instances.at(0);
  EXPECT_EQ(instance.addresses.at(0).interface, "vrrp.51");
  EXPECT_EQ(instance.excluded.at(0).interface, "eth0");
  EXPECT_EQ(instance.excluded.at(1).interface, "eth1");
  EXPECT_EQ(instance.excluded.at(2).interface, "vrrp1.51");
  EXPECT_EQ(instance.excluded.at(3).interface, "vrrp.51");
  EXPECT_EQ(instance.made.at(1).base, "eth1");
  EXPECT_TRUE(instance.made.at(0).carries_ipv6);
  EXPECT_FALSE(instance.made.at(1).carries_ipv6);
}

TEST(VirtualLinkConfig, UseVmacAddrGivesEveryOtherInterfaceOneVmac) {
  const ReadVrrp read{
      "global_defs {\n vmac_prefix own\n vmac_addr_prefix far\n}\n" +
      instance_with("use_vmac_addr\nvirtual_ipaddress_excluded {\n 192.0.2.9 dev eth1\n"
                    " 192.0.2.10 dev eth1\n 192.0.2.11 dev eth2\n}")};
  const Instance& instance = read.config.instances.at(0);
  EXPECT_EQ(instance.own_link(), nullptr);
  EXPECT_EQ(instance.addresses.at(0).interface, "eth0");
  EXPECT_THAT(names_of(read.config), ElementsAre("far.51", "far1.51"));
  EXPECT_EQ(instance.excluded.at(1).interface, "far.51");
  EXPECT_EQ(instance.excluded.at(2).interface, "far1.51");
}

TEST(VirtualLinkConfig, DefaultNamesMakeWay) {
  const auto named = [](const std::string& lines, const char* name) {
    std::string text = instance_with(lines, name);
    const std::string base{"eth0"};
    return text.replace(text.find(base), base.size(), fmt::format("eth{}", name[0] - 'A'));
  };
  const ReadVrrp read{"global_defs {\n vmac_prefix averylongprefix\n}\n" + named("use_vmac", "A") +
                      named("use_vmac", "B") + named("use_vmac averylongpre.51", "C")};
  EXPECT_THAT(names_of(read.config),
              ElementsAre("averylongpr1.51", "averylongpr2.51", "averylongpre.51"));
  for (const std::string& name : names_of(read.config))
    EXPECT_LE(name.size(), longest_interface_name);
}

TEST(VirtualLinkConfig, NamesOfOthersAreLeftAlone) {
  ReadVrrp read{instance_with("use_vmac") + v6_instance("use_vmac")};
  for (Instance& instance : read.config.instances) instance.made.front().name.clear();
  name_links(read.config.instances, read.config.globals,
             [](const MadeLink&, const std::string& name) {
               return name == "vrrp.51" || name == "vrrp6.51";
             });
  EXPECT_THAT(names_of(read.config), ElementsAre("vrrp1.51", "vrrp2.51"));
  EXPECT_EQ(read.config.instances.at(0).addresses.at(0).interface, "vrrp1.51");
}

TEST(VirtualLinkConfig, OneNameIsOneInterface) {
  const ReadVrrp read{instance_with("use_vmac same") + v6_instance("use_vmac same")};
  EXPECT_THAT(read.findings, ElementsAre(HasSubstr("warning vrrp_instance V6: interface same is "
                                                   "used already; this one gets a default name")));
  EXPECT_THAT(names_of(read.config), ElementsAre("same", "vrrp.51"));
  EXPECT_THAT(ReadVrrp{instance_with("use_vmac eth0")}.findings,
              ElementsAre(HasSubstr("interface eth0 is used already")));
}

TEST(VirtualLinkConfig, UnicastComesFromTheBase) {
  const ReadVrrp read{instance_with("use_vmac\nunicast_peer {\n 192.0.2.2\n}")};
  EXPECT_THAT(read.findings, IsEmpty());
  EXPECT_TRUE(read.config.instances.at(0).links.send_from_base);
}

TEST(VirtualLinkConfig, AnIpvlanMayHaveTheSourceOfAdverts) {
  const ReadVrrp read{instance_with("use_ipvlan ipv1 192.0.2.77/24 vepa")};
  EXPECT_THAT(read.findings, IsEmpty());
  const Instance& instance = read.config.instances.at(0);
  EXPECT_EQ(instance.configured_source(), IpAddress::parse("192.0.2.77"));
  EXPECT_EQ(instance.excluded.at(0).interface, "ipv1");
  EXPECT_EQ(instance.own_link()->kind, MadeLink::Kind::ipvlan);
  EXPECT_EQ(instance.own_link()->mode, IpvlanMode::vepa);
}

class LinkMistakes : public testing::TestWithParam<Saying> {};
TEST_P(LinkMistakes, AreReported) {
  EXPECT_THAT(ReadVrrp{instance_with(GetParam().lines)}.findings,
              Contains(HasSubstr(GetParam().finding)));
}
INSTANTIATE_TEST_SUITE_P(
    , LinkMistakes,
    testing::Values(Saying{"use_vmac\nuse_ipvlan",
                           "warning vrrp_instance VI_1: an instance has a VMAC or an ipvlan, not "
                           "both; use_ipvlan is left out"},
                    Saying{"vmac_xmit_base", "there is no use_vmac; vmac_xmit_base is left out"},
                    Saying{"use_ipvlan 2001:db8::1/64",
                           "2001:db8::1 is not of the family of its addresses"},
                    Saying{"use_vmac averyverylongname",
                           "'averyverylongname' is longer than an interface name may be (15)"}));

TEST(VirtualLinkConfig, NeedsAnInterface) {
  const ReadVrrp read{
      "vrrp_instance V {\n virtual_router_id 1\n use_vmac\n unicast_peer {\n 192.0.2.2\n }\n"
      " virtual_ipaddress {\n 192.0.2.9 dev eth0\n }\n}\n"};
  EXPECT_THAT(read.findings, ElementsAre(HasSubstr("a VMAC needs the interface that it is made on; "
                                                   "use_vmac is left out")));
}

}  // namespace
}  // namespace holdfast::vrrp
