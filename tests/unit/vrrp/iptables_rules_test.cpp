// The rules of iptables, as values.
#include "vrrp/linux/iptables_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>

#include "vrrp/linux/firewall.h"
#include "vrrp/linux/iptables_filter.h"

namespace holdfast::vrrp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

const FilterElements elements{
    refused(address("192.0.2.1"), "eth0"), refused(address("192.0.2.2"), "eth0"),
    refused(address("2001:db8::1"), "eth0"), refused(address("fe80::1"), "eth0")};

IptablesSettings with_sets() { return {"holdfast", "INPUT", "OUTPUT", ipset_names({"holdfast"})}; }

TEST(IptablesRules, NamesOfSetsFollowFromTheFirst) {
  EXPECT_THAT(ipset_names({"holdfast"}), ElementsAre("holdfast", "holdfast6", "holdfast_if6"));
  EXPECT_THAT(ipset_names({"a", "b"}), ElementsAre("a", "b", "a_if6"));
  EXPECT_THAT(ipset_names({"1", "2", "3", "4", "5", "6"}), SizeIs(3));
  const std::string longest(31, 'x');
  for (const std::string& name : ipset_names({longest})) EXPECT_LE(name.size(), 31U);
}

TEST(IptablesRules, ASetIsOneRuleHoweverManyAddressesItHas) {
  const auto rules = iptables_rules(with_sets(), Family::ipv4, elements);
  ASSERT_THAT(rules, SizeIs(2));
  EXPECT_TRUE(rules[0].in && !rules[1].in);
  EXPECT_EQ(rules[0].set, "holdfast");
}

TEST(IptablesRules, WithoutSetsThereIsARuleForEachAddress) {
  const IptablesSettings settings{"holdfast", "in", "out", {}};
  const auto rules = iptables_rules(settings, Family::ipv4, elements);
  ASSERT_THAT(rules, SizeIs(4));
  EXPECT_EQ(rules[0].address, address("192.0.2.1"));
  EXPECT_EQ(rules[0].interface, "");
}

TEST(IptablesRules, Rfc9568_6_1_NeighbourDiscoveryIsNeverMeant) {
  for (const auto& settings : {with_sets(), IptablesSettings{"mine", "in", "out", {}}})
    for (const IptablesRule& rule : iptables_rules(settings, Family::ipv6, elements)) {
      ASSERT_EQ(rule.protocol, IPPROTO_ICMPV6);
      if (rule.but_protocol) continue;
      EXPECT_THAT(rule.but_types, ElementsAre(135, 136));
    }
}

TEST(IptablesRules, AChainThatIsNotNamedGetsNone) {
  IptablesSettings settings = with_sets();
  settings.out.clear();
  for (const IptablesRule& rule : iptables_rules(settings, Family::ipv6, elements))
    EXPECT_TRUE(rule.in);
  EXPECT_THAT(iptables_rules(settings, Family::ipv4, {}), IsEmpty());
}

TEST(IptablesRules, EntriesOfSetsAreWrittenAsIpsetDoes) {
  EXPECT_EQ(ipset_entry(refused(address("fe80::1"), "eth0")), "fe80::1,eth0");
  EXPECT_EQ(ipset_entry(refused(address("192.0.2.1"), "eth0")), "192.0.2.1");
}

TEST(FirewallName, IsTheDaemonsUnlessItsPidFileIsTheUsualOne) {
  EXPECT_EQ(firewall_name(128), "holdfast");
  EXPECT_EQ(firewall_name(201), "holdfast_201");
}

TEST(IptablesFilterRecord, LeadsToTheSameObjects) {
  for (const IptablesSettings& settings : {with_sets(), IptablesSettings{"mine", "in", "", {}},
                                           IptablesSettings{"mine", "", "out", {}}}) {
    const std::string record = IptablesFilter{settings}.record();
    const auto again = IptablesFilter::from_record(record);
    ASSERT_NE(again, nullptr) << record;
    EXPECT_EQ(again->record(), record);
  }
  EXPECT_EQ(IptablesFilter::from_record("nftables holdfast"), nullptr);
  EXPECT_EQ(IptablesFilter::from_record("iptables"), nullptr);
}

}  // namespace
}  // namespace holdfast::vrrp
