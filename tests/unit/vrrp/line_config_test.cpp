// Lines of addresses, routes and rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/vrrp/config_support.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

/// The one route of a static_routes block, without findings.
Route route(const std::string& line) {
  const ReadVrrp read{"static_routes {\n " + line + "\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty()) << line;
  return read.config.statics.routes.at(0);
}

PolicyRule rule(const std::string& line) {
  const ReadVrrp read{"static_rules {\n " + line + "\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty()) << line;
  return read.config.statics.rules.at(0);
}

TEST(RouteLine, HasTheDefaultsOfKeepalived) {
  const Route read = route("198.51.100.0/24 via 192.0.2.1 dev eth0");
  EXPECT_EQ(read.destination, (Prefix{ip("198.51.100.0"), 24}));
  EXPECT_EQ(read.via, ip("192.0.2.1"));
  EXPECT_EQ(read.interface, "eth0");
  EXPECT_EQ(read.type, RouteType::unicast);
  EXPECT_EQ(read.table, (Id{254, {}}));
  EXPECT_EQ(read.protocol, (Id{18, {}}));
  EXPECT_EQ(read.insertion, RouteInsertion::replace);
  EXPECT_FALSE(read.scope);
}

TEST(RouteLine, TakesADestinationAnywhere) {
  EXPECT_TRUE(route("default via 192.0.2.1").is_default);
  EXPECT_TRUE(route("via 192.0.2.1 to any").is_default);
  EXPECT_EQ(route("src 192.0.2.9 to 192.0.2.1 dev eth0").destination,
            (Prefix{ip("192.0.2.1"), 32}));
  EXPECT_EQ(route("2001:db8::/32 dev eth0").destination, (Prefix{ip("2001:db8::"), 32}));
}

TEST(RouteLine, TakesAType) {
  EXPECT_EQ(route("blackhole 192.0.2.0/24").type, RouteType::blackhole);
  EXPECT_EQ(route("192.0.2.0/24 type throw").type, RouteType::throw_);
  EXPECT_EQ(route("xresolve 192.0.2.0/24").type, RouteType::xresolve);
}

TEST(RouteLine, TakesWhatSelectsAndWhereItGoes) {
  const Route read = route(
      "2001:db8:1::/48 from 2001:db8:2::/48 src 2001:db8::9 via inet6 2001:db8::1 oif eth1 tos "
      "0x10 table local protocol static scope link metric 12 onlink expires 60 realms web/7 pref "
      "high ttl-propagate enabled append vrf blue no_track track_group T");
  EXPECT_EQ(read.from, (Prefix{ip("2001:db8:2::"), 48}));
  EXPECT_EQ(read.source, ip("2001:db8::9"));
  EXPECT_EQ(read.via, ip("2001:db8::1"));
  EXPECT_EQ(read.interface, "eth1");
  EXPECT_EQ(read.tos.number, 16U);
  EXPECT_EQ(read.table.number, 255U);
  EXPECT_EQ(read.protocol.number, 4U);
  EXPECT_EQ(read.scope->number, 253U);
  EXPECT_EQ(read.metric, 12U);
  EXPECT_TRUE(read.onlink);
  EXPECT_EQ(read.expires, seconds{60});
  EXPECT_EQ(read.realms, (Realms{Id{0, "web"}, Id{7, {}}}));
  EXPECT_EQ(read.preference, RoutePreference::high);
  EXPECT_EQ(read.ttl_propagate, true);
  EXPECT_EQ(read.insertion, RouteInsertion::append);
  EXPECT_EQ(read.vrf, "blue");
  EXPECT_TRUE(read.no_track);
  EXPECT_EQ(read.track_group, "T");
}

TEST(RouteLine, TakesMetrics) {
  const RouteMetrics read =
      route(
          "192.0.2.0/24 dev eth1 mtu 1000 advmss lock 101 rtt 102 rttvar 103 reordering 104 "
          "window 105 cwnd 106 ssthresh lock 107 hoplimit 100 rto_min 2s initcwnd 109 initrwnd 110 "
          "features ecn quickack 1 congctl lock cubic fastopen_no_cookie 1")
          .metrics;
  EXPECT_EQ(read.mtu, (Metric{1000, false}));
  EXPECT_EQ(read.advmss, (Metric{101, true}));
  EXPECT_EQ(read.ssthresh, (Metric{107, true}));
  EXPECT_EQ(read.rto_min, (Metric{2000, false}));
  EXPECT_EQ(read.hoplimit, 100U);
  EXPECT_EQ(read.window, 105U);
  EXPECT_EQ(read.initrwnd, 110U);
  EXPECT_TRUE(read.ecn);
  EXPECT_EQ(read.quickack, true);
  EXPECT_EQ(read.fastopen_no_cookie, true);
  EXPECT_EQ(read.congestion_control, "cubic");
  EXPECT_TRUE(read.congestion_control_locked);
}

TEST(RouteLine, TakesTunnels) {
  const Encap tunnel =
      *route("192.0.2.0/24 encap ip id 5 src 192.0.2.1 dst 192.0.2.2 ttl 9 dev eth0").encap;
  EXPECT_EQ(tunnel.id, 5U);
  EXPECT_EQ(tunnel.destination, ip("192.0.2.2"));
  EXPECT_EQ(tunnel.ttl, 9);
  EXPECT_THAT(route("192.0.2.0/24 encap mpls 100/200 dev eth0").encap->labels,
              ElementsAre(100, 200));
  EXPECT_EQ(route("192.0.2.0/24 encap ila 0:0:0:1 dev eth0").encap->locator, 1U);
  EXPECT_EQ(route("192.0.2.0/24 encap ip6 dst 2001:db8::1 tc 3 hoplimit 4 dev e").encap->tos, 3);
}

TEST(RouteLine, TakesNexthopsToItsEnd) {
  const Route read = route(
      "default nexthop via 192.0.2.1 dev eth0 weight 256 nexthop via inet6 2001:db8::1 onlink");
  ASSERT_EQ(read.nexthops.size(), 2U);
  EXPECT_EQ(read.nexthops[0].weight, 256);
  EXPECT_EQ(read.nexthops[0].interface, "eth0");
  EXPECT_EQ(read.nexthops[1].via, ip("2001:db8::1"));
  EXPECT_TRUE(read.nexthops[1].onlink);
}

TEST(RouteLine, TakesDeprecatedSpellings) {
  const ReadVrrp read{"static_routes {\n default6 gw 2001:db8::1 or 2001:db8::2\n}\n"};
  EXPECT_THAT(read.findings,
              ElementsAre("2:2 note 'default6' is deprecated: write 'inet6 default'",
                          "2:11 note 'gw' is deprecated: write 'via'.",
                          "2:26 note 'or' is deprecated: a second gateway; write two nexthops."));
  const Route& route = read.config.statics.routes.at(0);
  EXPECT_EQ(route.family, Family::ipv6);
  EXPECT_EQ(route.second_via, ip("2001:db8::2"));
}

TEST(RouteLine, LosesNothingBehindAFamily) {
  const ReadVrrp read{"static_routes {\n inet6 default dev eth0\n}\n"};
  EXPECT_THAT(
      read.findings,
      ElementsAre("2:2 note keepalived passes over the word behind 'inet6'; here it counts"));
  EXPECT_TRUE(read.config.statics.routes.at(0).is_default);
}

TEST(RuleLine, TakesWhatItSelects) {
  const PolicyRule read = rule(
      "not from 192.0.2.0/24 to 198.51.100.0/24 iif eth0 oif eth1 tos 4 fwmark 0x10/0xff realms "
      "1/2 "
      "tunnel-id 9 uidrange 10-20 ipproto tcp sport 1-2 dport 80-80 table main preference 1000 "
      "protocol 99 suppress_prefixlength 0 sup_group web no_track track_group T");
  EXPECT_TRUE(read.invert);
  EXPECT_EQ(read.from, (Prefix{ip("192.0.2.0"), 24}));
  EXPECT_EQ(read.to, (Prefix{ip("198.51.100.0"), 24}));
  EXPECT_EQ(read.input, "eth0");
  EXPECT_EQ(read.output, "eth1");
  EXPECT_EQ(read.tos.number, 4U);
  EXPECT_EQ(read.fwmark, 16U);
  EXPECT_EQ(read.fwmark_mask, 255U);
  EXPECT_EQ(read.realms, (Realms{Id{1, {}}, Id{2, {}}}));
  EXPECT_EQ(read.tunnel_id, 9U);
  EXPECT_EQ(read.uids, (Range32{10, 20}));
  EXPECT_EQ(read.ip_protocol->number, 6U);
  EXPECT_EQ(read.source_ports, (Range32{1, 2}));
  EXPECT_EQ(read.destination_ports, (Range32{80, 80}));
  EXPECT_EQ(read.table->number, 254U);
  EXPECT_EQ(read.priority, 1000U);
  EXPECT_EQ(read.protocol.number, 99U);
  EXPECT_EQ(read.suppress_prefix_length, 0U);
  EXPECT_EQ(read.suppress_group, (Id{0, "web"}));
  EXPECT_TRUE(read.no_track);
}

TEST(RuleLine, TakesActions) {
  EXPECT_EQ(rule("from all lookup 7").table->number, 7U);
  EXPECT_EQ(rule("from all lookup 7").protocol.number, 18U);
  EXPECT_TRUE(rule("l3mdev").l3mdev);
  EXPECT_EQ(rule("type blackhole").action, RuleAction::blackhole);
  EXPECT_EQ(rule("nop").action, RuleAction::nop);
  EXPECT_EQ(rule("prohibit").action, RuleAction::prohibit);
  EXPECT_EQ(rule("unreachable").action, RuleAction::unreachable);
  EXPECT_EQ(rule("type goto 500 order 3").goto_priority, 500U);
}

TEST(RoutesOfAnInstance, AreRead) {
  const ReadVrrp read{instance_with(
      "virtual_routes {\n default dev eth0\n}\nvirtual_rules {\n from 192.0.2.1 table 5\n}")};
  EXPECT_THAT(read.findings, IsEmpty());
  EXPECT_EQ(read.config.instances.at(0).routes.size(), 1U);
  EXPECT_EQ(read.config.instances.at(0).rules.size(), 1U);
}

TEST(AddressLine, TakesEveryOption) {
  const ReadVrrp read{
      "static_ipaddress {\n 192.0.2.1/24 peer 192.0.2.2 home -nodad mngtmpaddr noprefixroute "
      "autojoin preferred_lft forever no_track track_group T dev eth0 scope 0xfe\n"
      " 2001:db8::1 preferred_lft 20\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  const VirtualAddress& address = read.config.statics.addresses.at(0);
  EXPECT_EQ(address.peer, ip("192.0.2.2"));
  EXPECT_TRUE(address.home && address.detect_duplicates && address.temporary && address.no_prefix &&
              address.autojoin && address.no_track);
  EXPECT_EQ(address.preferred_lifetime, seconds::max());
  EXPECT_EQ(address.track_group, "T");
  EXPECT_EQ(address.interface, "eth0");
  EXPECT_EQ(address.scope, 254);
  const VirtualAddress& second = read.config.statics.addresses.at(1);
  EXPECT_EQ(second.prefix_length, 128);
  EXPECT_EQ(second.preferred_lifetime, seconds{20});
}

TEST(AddressLine, IsOfOneFamilyInAnAdvert) {
  const ReadVrrp read{instance_with("virtual_ipaddress {\n 2001:db8::1\n}")};
  EXPECT_THAT(read.findings, Contains(HasSubstr("8:2 warning 2001:db8::1 is not of the family")));
  EXPECT_EQ(read.config.instances.at(0).addresses.size(), 1U);
}

class LineMistakes : public testing::TestWithParam<Saying> {};
TEST_P(LineMistakes, AreReportedWhereTheyAre) {
  const ReadVrrp read{GetParam().lines};
  EXPECT_THAT(read.findings, Contains(HasSubstr(GetParam().finding)));
}
INSTANTIATE_TEST_SUITE_P(
    Routes, LineMistakes,
    testing::Values(
        Saying{"static_routes {\n via 192.0.2.1\n}", "2:2 warning a route needs a destination"},
        Saying{"static_routes {\n default vai 192.0.2.1\n}",
               "2:10 warning unknown option 'vai' of a route (did you mean 'via'?)"},
        Saying{"static_routes {\n default via 192.0.2.999\n}",
               "2:14 warning 'via' needs an IPv4 or IPv6 address, found '192.0.2.999'"},
        Saying{"static_routes {\n default via inet6 192.0.2.9\n}",
               "2:20 warning '192.0.2.9' is not an inet6 address"},
        Saying{"static_routes {\n default via\n}", "2:13 error 'via' needs an IPv4 or IPv6"},
        Saying{"static_routes {\n 192.0.2.0/33 dev eth0\n}",
               "2:2 warning '192.0.2.0/33' is neither a prefix such as"},
        Saying{"static_routes {\n default hoplimit 256\n}",
               "2:19 warning 'hoplimit' is 256, outside 0..255"},
        Saying{"static_routes {\n default tos 256\n}", "2:14 warning 'tos' is 256, outside 0..255"},
        Saying{"static_routes {\n default mtu lock x\n}",
               "2:19 warning 'mtu' needs a number 0..4294967295, found 'x'"},
        Saying{"static_routes {\n default pref hihg\n}", "(did you mean 'high'?)"},
        Saying{"static_routes {\n default type unicats\n}", "(did you mean 'unicast'?)"},
        Saying{"static_routes {\n default features ecm\n}", "(did you mean 'ecn'?)"},
        Saying{"static_routes {\n default quickack 2\n}", "'quickack' needs one of 0, 1, found"},
        Saying{"static_routes {\n default encap ip tos 3\n}",
               "2:10 warning 'encap ip' needs 'dst'"},
        Saying{"static_routes {\n default encap ip dst 2001:db8::1\n}",
               "2:23 warning 'dst' of 'encap ip' needs an IPv4 address"},
        Saying{"static_routes {\n default encap ip tc 3 dst 192.0.2.1\n}",
               "2:19 warning 'encap ip' has no 'tc'"},
        Saying{"static_routes {\n default encap mpls 1048576\n}",
               "2:21 warning '1048576' is not an MPLS label 0..1048575"},
        Saying{"static_routes {\n default encap gre\n}",
               "2:16 warning 'encap' needs one of ip, ip6"},
        Saying{"static_routes {\n default nexthop weight 3\n}",
               "2:10 warning a nexthop needs 'via' or 'dev'"},
        Saying{"static_routes {\n default nexthop dev e weight 257\n}",
               "2:31 warning 'weight' is 257, outside 1..256"},
        Saying{"static_routes {\n inet6 192.0.2.0/24\n}",
               "2:2 warning the destination is not of the family that is written"}));
INSTANTIATE_TEST_SUITE_P(
    Rules, LineMistakes,
    testing::Values(
        Saying{"static_rules {\n from 192.0.2.0/24\n}",
               "2:2 warning a rule needs 'table' or an action; the line is skipped"},
        Saying{"static_rules {\n from 192.0.2 table 3\n}",
               "2:7 warning '192.0.2' is neither a prefix"},
        Saying{"static_rules {\n form all table 3\n}",
               "2:2 warning unknown option 'form' of a rule (did you mean 'from'?)"},
        Saying{"static_rules {\n table 3 sport 80\n}",
               "2:16 warning 'sport' needs LOW-HIGH within 0..65535, found '80' (did you mean "
               "'80-80'?)"},
        Saying{"static_rules {\n table 3 dport 2-1\n}", "found '2-1'"},
        Saying{"static_rules {\n table 3 dport 1-65536\n}", "found '1-65536'"},
        Saying{"static_rules {\n table 3 fwmark 1/x\n}",
               "2:17 warning 'fwmark' needs MARK or MARK/MASK, found '1/x'"},
        Saying{"static_rules {\n table 3 suppress_prefixlength 129\n}", "outside 0..128"},
        Saying{"static_rules {\n table\n}", "2:7 error 'table' needs a number"},
        Saying{"static_rules {\n type\n}", "2:6 error 'type' needs an action"},
        Saying{"static_rules {\n from 192.0.2.1 to 2001:db8::1 table 3\n}",
               "2:2 warning 'from' and 'to' are of different families"}));
INSTANTIATE_TEST_SUITE_P(
    Addresses, LineMistakes,
    testing::Values(
        Saying{"static_ipaddress {\n 192.0.2.1 lable x\n}",
               "2:12 warning unknown option 'lable' of an address (did you mean 'label'?)"},
        Saying{"static_ipaddress {\n 192.0.2.1 peer 192.0.2.222222\n}",
               "2:17 warning 'peer' needs an IPv4 or IPv6 address, found '192.0.2.222222'"},
        Saying{"static_ipaddress {\n 192.0.2.1 peer 2001:db8::1\n}",
               "2:17 warning peer 2001:db8::1 is not of the family of 192.0.2.1"},
        Saying{"static_ipaddress {\n 192.0.2.1 preferred_lft ever\n}",
               "2:26 warning 'preferred_lft' needs a number 0..4294967294, found 'ever'"},
        Saying{"static_ipaddress {\n 192.0.2.1 use_vmac\n}",
               "2:2 warning 'use_vmac' means nothing for a static address"},
        Saying{"static_ipaddress {\n 192.0.2.1 scope far\n}", "2:18 warning unknown scope 'far'"},
        Saying{"static_ipaddress {\n 192.0.2.1 scope 256\n}", "'scope' is 256, outside 0..255"},
        Saying{"static_ipaddress {\n 2001:db8::1 brd +\n}",
               "2:14 warning an IPv6 address has no broadcast address"},
        Saying{"static_ipaddress {\n 192.0.2.1 dev\n}", "2:15 error 'dev' needs a word"},
        Saying{"static_ipaddress {\n 192.0.2.1 label aninterfacetoolong\n}",
               "2:18 error label 'aninterfacetoolong' is longer than 15 characters"}));

TEST(TrackGroupOfALine, MeansNothingInAnInstance) {
  const ReadVrrp read{instance_with("virtual_routes {\n default dev eth0 track_group T\n}")};
  EXPECT_THAT(read.findings,
              Contains(HasSubstr("8:2 warning 'track_group T' means nothing in an instance")));
}

}  // namespace
}  // namespace holdfast::vrrp
