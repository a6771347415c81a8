// The rules of lint: each finds what it is for, and says nothing about a good pair.
#include "daemon/config/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/config/lint.h"
#include "tests/unit/config_text.h"
#include "vrrp/config/lint.h"

namespace holdfast::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

Machine machine() {
  Machine known;
  known.interfaces = {"lo", "eth0"};
  known.addresses = {{"eth0", *IpAddress::parse("10.0.0.1"), 24}};
  known.tcp_keepalive_time = std::chrono::seconds{600};
  known.conntrack_established = std::chrono::hours{120};
  return known;
}

std::vector<std::string> ids(const std::vector<Advice>& advice) {
  std::vector<std::string> out;
  for (const Advice& one : advice) out.emplace_back(one.id);
  return out;
}

/// The rules that speak about an instance with these lines more.
std::vector<std::string> of_instance(const std::string& lines, const Machine& known = machine()) {
  FromText text{"vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n" + lines + "}\n"};
  const auto config = vrrp::read_vrrp(text.tree, text.reader);
  EXPECT_EQ(config.instances.size(), 1U) << text.first();
  return ids(vrrp::lint(config, known));
}
std::string with_address(const std::string& address) {
  return " virtual_ipaddress {\n " + address + "\n }\n";
}

std::vector<std::string> of_service(const std::string& lines, const Machine& known = machine()) {
  FromText text{"virtual_server 10.0.0.100 80 {\n protocol TCP\n delay_loop 10\n" + lines + "}\n"};
  return ids(checkers::lint(checkers::read_checkers(text.tree, text.reader), known));
}
const std::string checked =
    " real_server 10.0.0.2 80 {\n TCP_CHECK {\n connect_timeout 3\n }\n }\n";

TEST(Lint, HasNothingToSayAboutAGoodPair) {
  EXPECT_THAT(of_instance(" priority 150\n" + with_address("10.0.0.100/24")), IsEmpty());
  EXPECT_THAT(of_service(checked), IsEmpty());
}

TEST(Lint, Priorities) {
  EXPECT_THAT(of_instance(with_address("10.0.0.100")), ElementsAre("priority-default"));
  EXPECT_THAT(of_instance(" state MASTER\n priority 100\n" + with_address("10.0.0.100")),
              ElementsAre("state-master"));
  EXPECT_THAT(of_instance(" priority 255\n" + with_address("10.0.0.100")),
              ElementsAre("owner-without-address"));
  EXPECT_THAT(of_instance(" priority 255\n" + with_address("10.0.0.1/24")), IsEmpty());
}

TEST(Lint, Interfaces) {
  Machine bare = machine();
  bare.interfaces = {"lo"};
  EXPECT_THAT(of_instance(" priority 90\n" + with_address("10.0.0.100"), bare),
              ElementsAre("interface-missing"));
  bare.interfaces = {"eth0"};
  bare.addresses = {{"eth1", *IpAddress::parse("10.0.0.1"), 24}};
  EXPECT_THAT(of_instance(" priority 90\n" + with_address("10.0.0.100"), bare),
              ElementsAre("interface-without-address"));
  EXPECT_THAT(of_instance(" priority 90\n mcast_src_ip 10.0.0.7\n" + with_address("10.0.0.100")),
              ElementsAre("source-missing"));
  EXPECT_THAT(of_instance(" priority 90\n" + with_address("10.0.0.100"), Machine{}), IsEmpty())
      << "nothing is known of the machine";
}

TEST(Lint, AddressesOutsideEveryNetwork) {
  EXPECT_THAT(of_instance(" priority 90\n" + with_address("10.0.1.100")),
              ElementsAre("address-outside-network"));
  EXPECT_THAT(of_instance(" priority 90\n" + with_address("10.0.1.100/24")), IsEmpty());
}

TEST(Lint, Intervals) {
  EXPECT_THAT(
      of_instance(" priority 90\n version 3\n advert_int 0.02\n" + with_address("10.0.0.9")),
      ElementsAre("interval-short"));
  EXPECT_THAT(of_instance(" priority 90\n down_timer_adverts 1\n" + with_address("10.0.0.9")),
              ElementsAre("one-advert-lost"));
}

TEST(Lint, Adverts) {
  std::string many = with_address("10.0.0.9/24");
  EXPECT_THAT(of_instance(" priority 90\n version 3\n also_version_2\n" + many),
              ElementsAre("also-version-2"));
  EXPECT_THAT(of_instance(" priority 90\n version 3\n advert_int 0.5\n also_version_2\n" + many),
              ElementsAre("also-version-2", "version-2-whole-seconds"));
  std::string list = " virtual_ipaddress {\n fe80::9/64\n";
  for (int i = 1; i < 100; ++i) list += fmt::format(" 2001:db8::{:x}/64\n", i);
  EXPECT_THAT(of_instance(" priority 90\n version 3\n mcast_src_ip fe80::1\n" + list + " }\n"),
              Contains("addresses-not-listed"));
}

TEST(Lint, Passwords) {
  EXPECT_THAT(of_instance(" priority 90\n authentication {\n auth_type PASS\n auth_pass x\n }\n" +
                          with_address("10.0.0.9")),
              ElementsAre("password-in-clear"));
}

TEST(Lint, Trackers) {
  const auto of = [](const std::string& script, const std::string& lines) {
    FromText text{"vrrp_script s {\n script /bin/true\n" + script +
                  "}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n" + lines +
                  " track_script {\n s\n }\n" + with_address("10.0.0.100") + "}\n"};
    return ids(vrrp::lint(vrrp::read_vrrp(text.tree, text.reader), machine()));
  };
  EXPECT_THAT(of(" interval 5\n timeout 3\n weight -20\n", " priority 100\n"), IsEmpty());
  EXPECT_THAT(of(" interval 5\n timeout 9\n", " priority 100\n"),
              ElementsAre("script-slower-than-interval"));
  EXPECT_THAT(of(" weight 30\n", " priority 240\n"), ElementsAre("weight-clamped"));
  EXPECT_THAT(of(" weight -100\n", " priority 90\n"), ElementsAre("weight-clamped"));
  EXPECT_THAT(of_instance(" priority 90\n strict_mode\n version 3\n" + with_address("10.0.0.100")),
              ElementsAre("strict-drops-packets"));
  EXPECT_THAT(
      of_instance(" priority 90\n strict_mode\n version 3\n accept\n" + with_address("10.0.0.100")),
      IsEmpty());
  EXPECT_THAT(
      of_instance(" priority 90\n unicast_peer {\n 10.0.0.2\n }\n" + with_address("10.0.0.100")),
      ElementsAre("unicast-unauthenticated"));
}

TEST(Lint, Servers) {
  EXPECT_THAT(of_service(" real_server 10.0.0.2 80 {\n }\n"), ElementsAre("server-unchecked"));
  EXPECT_THAT(of_service(" delay_loop 2\n" + checked), ElementsAre("check-slower-than-interval"));
  EXPECT_THAT(of_service(" real_server 10.0.0.2 80 {\n weight 0\n TCP_CHECK {\n }\n }\n"),
              Contains("weights-zero"));
}

TEST(Lint, Quorums) {
  EXPECT_THAT(of_service(" quorum 1\n hysteresis 0\n" + checked), IsEmpty());
  EXPECT_THAT(of_service(" quorum 2\n hysteresis 1\n" + checked +
                         " real_server 10.0.0.3 80 {\n TCP_CHECK {\n connect_timeout 3\n }\n }\n"),
              ElementsAre("quorum-never-regained"));
}

TEST(Lint, MailThatGoesNowhere) {
  const std::string good = " priority 150\n" + with_address("10.0.0.100/24");
  EXPECT_THAT(of_instance(good + " smtp_alert\n"), ElementsAre("mail-goes-nowhere"));
  EXPECT_THAT(of_instance(good + " smtp_alert no\n"), IsEmpty());
  EXPECT_THAT(of_service(checked + " smtp_alert\n"), ElementsAre("mail-goes-nowhere"));
  const std::string globals = "global_defs {\n smtp_server h\n notification_email {\n a@b\n }\n}\n";
  FromText text{globals + "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n" + good +
                " smtp_alert\n}\n"};
  EXPECT_THAT(ids(vrrp::lint(vrrp::read_vrrp(text.tree, text.reader), machine())), IsEmpty());
}

TEST(Lint, IdleTimeoutsNameBothFigures) {
  Machine usual = machine();
  usual.tcp_keepalive_time = std::chrono::seconds{7200};
  FromText text{"virtual_server 10.0.0.100 80 {\n protocol TCP\n" + checked + "}\n"};
  const auto advice = checkers::lint(checkers::read_checkers(text.tree, text.reader), usual);
  ASSERT_EQ(ids(advice), std::vector<std::string>{"idle-timeout"});
  EXPECT_NE(advice.front().message.find("900 s"), std::string::npos);
  EXPECT_NE(advice.front().message.find("7200 s"), std::string::npos);
  usual.conntrack_established = std::chrono::seconds{3600};
  EXPECT_EQ(of_service(checked, usual).size(), 2U);
}

TEST(Lint, IsSilencedByRuleAndByComment) {
  FromText text{"a\nb\n"};
  text.text.ignored.emplace(0U, 2U, "one");
  const std::vector<Advice> advice{{"one", {0, 1}, ""}, {"one", {1, 1}, ""}, {"two", {1, 1}, ""}};
  EXPECT_THAT(ids(without_ignored(advice, text.text, {})), ElementsAre("one", "two"));
  EXPECT_THAT(ids(without_ignored(advice, text.text, {"one"})), ElementsAre("two"));
}

}  // namespace
}  // namespace holdfast::config
