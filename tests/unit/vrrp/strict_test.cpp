// strict_mode, and the rules about owners, late timers and ranges: what is said and what is used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/vrrp/config_support.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Instance strict(const std::string& lines, const char* finding = nullptr) {
  const ReadVrrp read{instance_with("strict_mode\n" + lines)};
  if (finding != nullptr) {
    EXPECT_THAT(read.findings, Contains(HasSubstr(finding))) << lines;
  }
  return read.config.instances.empty() ? Instance{} : read.config.instances.front();
}

TEST(Strict, AMasterIsTheOwner) {
  EXPECT_EQ(strict("state MASTER\npriority 100", "state MASTER is for priority 255").state,
            InitialState::backup);
  EXPECT_EQ(strict("state MASTER\npriority 255").state, InitialState::master);
  EXPECT_EQ(strict("state MASTER").router.priority, owner_priority);
}
TEST(Strict, TimersAreThoseOfTheRfc) {
  const Instance read = strict("preempt_delay 5\ndown_timer_adverts 5", "down_timer_adverts is 3");
  EXPECT_EQ(read.router.preempt_delay, Duration{0});
  EXPECT_EQ(read.router.down_timer_adverts, 3U);
}
TEST(Strict, LosersAreLeftAlone) {
  const Instance read = strict("higher_prio_send_advert", "no advert is sent when yielding");
  EXPECT_TRUE(read.router.lower_prio_no_advert);
  EXPECT_FALSE(read.router.higher_prio_send_advert);
  EXPECT_EQ(read.garp_lower_prio_repeat, 0U);
}
TEST(Strict, AuthenticationIsNotInTheRfc) {
  EXPECT_EQ(strict("authentication {\n auth_type PASS\n auth_pass x\n}", "have no authentication")
                .auth_type,
            AuthType::none);
}
TEST(Strict, AuthHmacIsEnforced) {
  const Instance read =
      strict("auth_hmac {\n key 1 " + std::string(32, 'k') + "\n active_key 1\n mode permissive\n}",
             "mode is enforce");
  EXPECT_EQ(read.hmac_policy->mode, HmacMode::enforce);
}
TEST(Strict, UnicastPeersStayAsConfigured) {
  const ReadVrrp read{instance_with("strict_mode\nunicast_peer {\n 192.0.2.2\n}")};
  EXPECT_THAT(read.findings, Contains(HasSubstr("note vrrp_instance VI_1: strict mode: adverts "
                                                "are multicast")));
  EXPECT_TRUE(read.config.instances.at(0).is_unicast());
}
TEST(Strict, Ipv6NeedsVersion3AndALinkLocalAddressFirst) {
  const ReadVrrp read{
      "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n version 2\n strict_mode\n"
      " virtual_ipaddress {\n 2001:db8::1\n }\n}\n"};
  EXPECT_THAT(read.findings, Contains(HasSubstr("strict mode: IPv6 needs version 3")));
  EXPECT_THAT(read.findings, Contains(HasSubstr("the first IPv6 address must be link-local")));
  EXPECT_EQ(read.config.instances.at(0).router.version, Version::v3);
}
TEST(Strict, APairWithoutALinkLocalAddressIsNotDeaf) {
  const auto needs = [](const std::string& addresses) {
    const ReadVrrp read{
        "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n strict_mode\n"
        " virtual_ipaddress {\n" +
        addresses + "\n }\n}\n"};
    return read.config.instances.at(0).needs_link_local();
  };
  EXPECT_TRUE(needs("fe80::1\n2001:db8::1"));
  EXPECT_FALSE(needs("2001:db8::1\nfe80::1"));
  EXPECT_FALSE(needs("192.0.2.1"));
}
TEST(Strict, IsTheGlobalSettingUnlessTheInstanceSaysOtherwise) {
  const std::string on = "global_defs {\n vrrp_strict\n}\n";
  const auto delay = [&](const std::string& lines) {
    const ReadVrrp read{on + instance_with("preempt_delay 5\n" + lines)};
    return read.config.instances.at(0).router.preempt_delay;
  };
  EXPECT_EQ(delay(""), Duration{0});
  EXPECT_EQ(delay("strict_mode no"), Duration{seconds{5}});
}

Instance read_one(const std::string& lines) {
  return ReadVrrp{instance_with(lines)}.config.instances.at(0);
}

TEST(OwnerConfig, OnlyAnOwnerIgnoresAdverts) {
  EXPECT_TRUE(read_one("priority 255\nowner_ignore_adverts").ignores_adverts);
  // keepalived turns it on for an explicit `no`.
  EXPECT_FALSE(read_one("priority 255\nowner_ignore_adverts no").ignores_adverts);
  EXPECT_FALSE(read_one("priority 255").ignores_adverts);
  EXPECT_FALSE(read_one("owner_ignore_adverts").ignores_adverts);
  EXPECT_THAT(ReadVrrp{instance_with("owner_ignore_adverts")}.findings,
              Contains(HasSubstr("does nothing with priority 100")));
}
TEST(AcceptMode, IsOnUnlessStrictOrForbiddenAndAlwaysForTheOwner) {
  const auto refuses = [](const std::string& lines) { return read_one(lines).refuses_packets; };
  EXPECT_FALSE(refuses(""));
  EXPECT_FALSE(refuses("accept"));
  EXPECT_TRUE(refuses("no_accept"));
  EXPECT_FALSE(refuses("no_accept\npriority 255"));
  EXPECT_TRUE(refuses("strict_mode"));
  EXPECT_FALSE(refuses("strict_mode\npriority 255"));
  EXPECT_FALSE(refuses("strict_mode\nversion 3\naccept"));
}
TEST(Strict, Rfc3768_6_4_3_Version2HasNoAcceptMode) {
  EXPECT_TRUE(strict("version 2\naccept", "version 2 has no accept mode").refuses_packets);
}
TEST(LateTimersConfig, NeedNopreempt) {
  EXPECT_EQ(read_one("nopreempt\ntimer_expired_backup 200").router.late_priority, 200);
  EXPECT_EQ(read_one("nopreempt\ntimer_expired_backup").router.late_priority, 254);
  EXPECT_EQ(read_one("timer_expired_backup").router.late_priority, std::nullopt);
  EXPECT_THAT(ReadVrrp{instance_with("timer_expired_backup")}.findings,
              Contains(HasSubstr("needs nopreempt")));
}
TEST(Ranges, Rfc9568_5_2_3_5_2_4_5_2_7_AreThoseOfTheFields) {
  const auto said = [](const std::string& lines) {
    return ReadVrrp{instance_with(lines)}.findings;
  };
  for (const char* good :
       {"virtual_router_id 1", "virtual_router_id 255", "priority 1", "priority 254",
        "version 3\nadvert_int 0.01", "version 3\nadvert_int 40.95"})
    EXPECT_THAT(said(good), IsEmpty()) << good;
  for (const char* bad : {"virtual_router_id 0", "virtual_router_id 256", "priority 0",
                          "priority 256", "version 3\nadvert_int 0", "version 3\nadvert_int 41"})
    EXPECT_THAT(said(bad), Not(IsEmpty())) << bad;
  EXPECT_EQ(read_one("").router.priority, 100);
}

}  // namespace
}  // namespace holdfast::vrrp
