// Keywords of vrrp_instance that are read before they are built: values are checked and stored, and
// each says that it is not supported yet.
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

/// One instance with `lines`, about which nothing is said.
Instance read_clean(const std::string& lines) {
  const ReadVrrp read{instance_with(lines)};
  EXPECT_THAT(read.findings, IsEmpty());
  return read.config.instances.at(0);
}

TEST(UnicastConfig, TakesPeersWithTheirTtl) {
  const Unicast unicast =
      read_clean(
          "unicast_src_ip 192.0.2.1\nunicast_ttl 64\nunicast_peer {\n 192.0.2.2\n"
          " 192.0.2.3 min_ttl 254 max_ttl 255\n}\nunicast_fault_no_peer\ncheck_unicast_src no\n"
          "old_unicast_checksum never")
          .unicast;
  EXPECT_EQ(unicast.source, IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(unicast.ttl, 64);
  EXPECT_THAT(unicast.peers, ElementsAre(UnicastPeer{*IpAddress::parse("192.0.2.2"), 0, 255},
                                         UnicastPeer{*IpAddress::parse("192.0.2.3"), 254, 255}));
  EXPECT_TRUE(unicast.fault_no_peer);
  EXPECT_EQ(unicast.check_source, false);
  EXPECT_EQ(unicast.old_checksum, OldUnicastChecksum::never);
  EXPECT_EQ(read_clean("old_unicast_checksum").unicast.old_checksum, OldUnicastChecksum::use);
}

TEST(UnicastConfig, NeedsNoInterface) {
  const ReadVrrp read{
      "vrrp_instance V {\n virtual_router_id 1\n unicast_peer {\n 192.0.2.2\n }\n"
      " virtual_ipaddress {\n 192.0.2.9 dev eth0\n }\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  const ReadVrrp homeless{
      "vrrp_instance V {\n virtual_router_id 1\n unicast_peer {\n 192.0.2.2\n }\n"
      " virtual_ipaddress {\n 192.0.2.9\n }\n}\n"};
  EXPECT_THAT(homeless.findings, ElementsAre("6:2 error vrrp_instance V has no interface: "
                                             "192.0.2.9 needs 'dev IF'"));
}

TEST(UnicastConfig, OneVridForSeveralPeersButNotForOne) {
  const auto with_peer = [](const char* name, const char* peer) {
    return instance_with(fmt::format("unicast_peer {{\n {}\n}}", peer), name);
  };
  EXPECT_THAT(ReadVrrp{with_peer("A", "192.0.2.2") + with_peer("B", "192.0.2.3")}.findings,
              Not(Contains(HasSubstr("both use VRID"))));
  EXPECT_THAT(ReadVrrp{with_peer("A", "192.0.2.2") + with_peer("B", "192.0.2.2")}.findings,
              Contains(HasSubstr("A and B both use VRID 51 with peer 192.0.2.2")));
}

TEST(UnicastConfig, WithoutPeersIsMulticastFromThatAddress) {
  const ReadVrrp read{instance_with("unicast_src_ip 192.0.2.1")};
  EXPECT_THAT(read.findings, ElementsAre(HasSubstr("note vrrp_instance VI_1: unicast_src_ip")));
  EXPECT_EQ(read.config.instances.at(0).configured_source(), IpAddress::parse("192.0.2.1"));
  EXPECT_FALSE(read.config.instances.at(0).is_unicast());
}

TEST(FamilyConfig, FollowsTheAddresses) {
  const auto read_v6 = [](const std::string& address, const std::string& lines) {
    return ReadVrrp{fmt::format(
        "vrrp_instance V {{\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {{\n {}\n "
        "}}\n{}\n}}\n",
        address, lines)};
  };
  const ReadVrrp v6 = read_v6("fe80::1/64", "");
  EXPECT_THAT(v6.findings, IsEmpty());
  EXPECT_EQ(v6.config.instances.at(0).family, Family::ipv6);
  EXPECT_EQ(v6.config.instances.at(0).group, IpAddress::parse("ff02::12"));
  // RFC 3768 is for IPv4: without a version it is 3, whatever vrrp_version says.
  EXPECT_EQ(v6.config.instances.at(0).router.version, Version::v3);
  EXPECT_EQ(read_v6("fe80::1/64", "version 2").config.instances.at(0).router.version, Version::v2);
  // RFC 9568 5.2.9
  EXPECT_THAT(read_v6("2001:db8::1/64", "").findings,
              ElementsAre(HasSubstr("note vrrp_instance V: the first IPv6 address should be "
                                    "link-local")));
  EXPECT_EQ(read_v6("", "no_virtual_ipaddress\nnative_ipv6").config.instances.at(0).family,
            Family::ipv6);
}

TEST(VmacConfig, TakesItsWordsInAnyOrder) {
  EXPECT_EQ(read_clean("use_vmac").links.vmac, Vmac{});
  const VirtualLinks links = read_clean(
                                 "use_vmac vrrp.7 02:00:5e:00:01 netlink_notify_msg group 0x10\n"
                                 "use_vmac_addr\nvmac_xmit_base")
                                 .links;
  EXPECT_EQ(links.vmac, (Vmac{"vrrp.7", {2, 0, 0x5e, 0, 1}, true, Id{16, {}}}));
  EXPECT_TRUE(links.vmac_for_addresses);
  EXPECT_TRUE(links.send_from_base);
  EXPECT_EQ(read_clean("use_vmac name group group default").links.vmac,
            (Vmac{"group", {}, false, Id{}}));
}

TEST(IpvlanConfig, TakesAnAddressAndAMode) {
  EXPECT_EQ(read_clean("use_ipvlan vrrp10 192.0.2.1/30 private group web").links.ipvlan,
            (Ipvlan{"vrrp10", Prefix{*IpAddress::parse("192.0.2.1"), 30}, IpvlanMode::isolated,
                    Id{0, "web"}}));
}

TEST(InstanceConfig, TakesWhatConcernsItsInterface) {
  EXPECT_TRUE(read_clean("promote_secondaries").promote_secondaries);
  const ReadVrrp read{"linkbeat_use_polling\n" + instance_with("linkbeat_use_polling\ndebug 4")};
  EXPECT_TRUE(read.config.instances.at(0).linkbeat_use_polling);
  EXPECT_TRUE(read.config.statics.polls_all_links);
  EXPECT_THAT(read.findings, Contains(HasSubstr("'debug' does nothing")));
}

TEST(InstanceConfig, TheSyncDaemonMayHaveItsInterfaceHere) {
  const std::string line = "lvs_sync_daemon_interface eth1";
  const ReadVrrp read{instance_with(line) + instance_with(line, "VI_2", 52)};
  const auto& daemon = read.config.globals.lvs_sync_daemon;
  ASSERT_TRUE(daemon);
  EXPECT_EQ(daemon->interface, "eth1");
  EXPECT_EQ(daemon->instance, "VI_1");
  EXPECT_THAT(read.findings, Contains(HasSubstr("vrrp_instance VI_2: the sync daemon has an "
                                                "interface already; eth1 is left out")));
}

TEST(InstanceConfig, TakesItsFurtherKeywords) {
  const Instance read = read_clean(
      "no_accept\n"
      "strict_mode no\nsmtp_alert\nnotify_priority_changes off\n"
      "garp_extra_if all 60\nnotify_deleted \"/x\"\n"
      "notify_master_rx_lower_pri \"/x\"");
  EXPECT_EQ(read.accept, false);
  EXPECT_EQ(read.strict_mode, false);
  EXPECT_EQ(read.smtp_alert, true);
  EXPECT_EQ(read.notify_priority_changes, false);
  EXPECT_EQ(read.garp_extra_if, (ExtraGarp{seconds{60}, true}));
  EXPECT_TRUE(read.notify.deleted && read.notify.master_rx_lower_pri);
}

TEST(InstanceConfig, TakesDeprecatedSpellings) {
  EXPECT_EQ(read_clean("nopreempt\nthread_timer_expired 100").timer_expired_backup, 100);
  const Instance read = read_clean("vmac_garp_intvl 5");
  EXPECT_EQ(read.garp_extra_if, (ExtraGarp{seconds{5}, false}));
}

TEST(InstanceConfig, TakesSettingsOfTheSockets) {
  const Instance read =
      read_clean("track_src_ip\nmcast_src_ip 192.0.2.7\nkernel_rx_buf_size 65536");
  EXPECT_TRUE(read.track_src_ip);
  EXPECT_EQ(read.kernel_rx_buf_size, 65536U);
  EXPECT_EQ(read_clean("mcast_dst_ip 224.0.0.99").group, IpAddress::parse("224.0.0.99"));
}

TEST(InstanceConfig, ChangesCountOnReload) {
  const Instance one = read_clean("vrf a");
  EXPECT_TRUE(equal_in_effect(one, read_clean("vrf a")));
  EXPECT_FALSE(equal_in_effect(one, read_clean("vrf b")));
}

const std::string key(32, 'k');

TEST(HmacConfig, TakesKeysOfEveryKind) {
  const std::string hex(64, 'a');
  const Hmac hmac = *read_clean(fmt::format("auth_hmac {{\n key 1 {}\n key 2 hex:{}\n"
                                            " key 3 file:/etc/key\n active_key 2\n"
                                            " time_window 10\n anti_replay monotonic\n"
                                            " mode receive-only\n}}",
                                            key, hex))
                         .hmac;
  EXPECT_THAT(hmac.keys,
              ElementsAre(HmacKey{1, HmacKey::Source::text, Secret{key}},
                          HmacKey{2, HmacKey::Source::hex, Secret{std::string(32, '\xaa')}},
                          HmacKey{3, HmacKey::Source::file, Secret{"file:/etc/key"}}));
  EXPECT_EQ(hmac.active_key, 2);
  EXPECT_EQ(hmac.time_window, seconds{10});
  EXPECT_EQ(hmac.anti_replay, AntiReplay::monotonic);
  EXPECT_EQ(hmac.mode, HmacMode::receive_only);
}

class PartMistakes : public testing::TestWithParam<Saying> {};
TEST_P(PartMistakes, AreReportedWhereTheyAre) {
  const ReadVrrp read{instance_with(GetParam().lines)};
  EXPECT_THAT(read.findings, Contains(HasSubstr(GetParam().finding)));
}
INSTANTIATE_TEST_SUITE_P(
    , PartMistakes,
    testing::Values(
        Saying{"unicast_peer {\n 192.0.2\n}",
               "8:2 warning '192.0.2' is not an address; the peer is left out"},
        Saying{"unicast_peer {\n 192.0.2.2 min_tll 3\n}",
               "8:12 warning unknown option 'min_tll' of a peer (did you mean 'min_ttl'?)"},
        Saying{"unicast_peer {\n 192.0.2.2 max_ttl 256\n}",
               "8:20 warning 'max_ttl' is 256, outside 0..255"},
        Saying{"unicast_peer {\n 192.0.2.2 min_ttl 9 max_ttl 8\n}",
               "8:2 warning min_ttl 9 is more than max_ttl 8"},
        Saying{"unicast_peer {\n 192.0.2.2\n 192.0.2.2\n}",
               "9:2 warning peer 192.0.2.2 is there twice"},
        Saying{"unicast_ttl 256", "7:13 warning 'unicast_ttl' is 256, outside 0..255"},
        Saying{"old_unicast_checksum always",
               "7:22 warning 'old_unicast_checksum' takes nothing or never, found 'always'"},
        Saying{"use_vmac vrrp.1 02:00:5e:00:0g",
               "7:17 warning '02:00:5e:00:0g' is not a MAC address of 5 or 6 octets"},
        Saying{"use_vmac vrrp.1 03:00:5e:00:01",
               "7:17 warning '03:00:5e:00:01' is a multicast address; the virtual MAC is that of "
               "RFC 9568 7.3"},
        Saying{"use_vmac vrrp.1 vrrp.2", "7:17 warning unknown option 'vrrp.2' of use_vmac"},
        Saying{"use_vmac name", "7:14 error 'name' needs a word, and nothing follows it"},
        Saying{"mcast_dst_ip 192.0.2.1",
               "7:14 warning 'mcast_dst_ip' needs a multicast address, found '192.0.2.1'"},
        Saying{"debug 5", "7:7 warning 'debug' is 5, outside 0..4"},
        Saying{"timer_expired_backup 255",
               "7:22 warning 'timer_expired_backup' is 255, outside 1..254"},
        Saying{"garp_extra_if all", "7:18 error 'garp_extra_if' needs seconds 0..86400 s"},
        Saying{"garp_extra_if 86401", "7:15 warning 'garp_extra_if' is 86401, outside 0..86400 s"},
        Saying{"auth_hmac {\n}", "7:1 warning auth_hmac needs 'active_key'; it is left out"},
        Saying{"auth_hmac {\n active_key 3\n}", "7:1 warning auth_hmac has no key 3"},
        Saying{"auth_hmac {\n key 1 short\n}",
               "8:8 warning a key has 32..64 bytes, this one has 5"},
        Saying{"auth_hmac {\n key 1 hex:0\n}", "8:8 warning 'hex:' needs pairs of hexadecimal"},
        Saying{"auth_hmac {\n key 0 x\n}", "8:6 warning 'key' is 0, outside 1..255"},
        Saying{"auth_hmac {\n key 1\n}", "8:7 error 'key' needs an id and a key"},
        Saying{"auth_hmac {\n time_window 301\n}",
               "8:14 warning 'time_window' is 301, outside 1..300 s"},
        Saying{"auth_hmac {\n mode permisive\n}", "(did you mean 'permissive'?)"},
        Saying{"auth_hmac {\n activ_key 1\n}",
               "8:2 warning unknown keyword 'activ_key' in auth_hmac (did you mean "
               "'active_key'?)"}));

}  // namespace
}  // namespace holdfast::vrrp
