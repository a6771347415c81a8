// Rules of RFC 9568 and RFC 3768 that no other test is about; tests/conformance.md lists where each
// one is tested.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/vrrp/config_support.h"
#include "vrrp/core/packet.h"
#include "vrrp/core/router.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TimePoint start{seconds{1000}};
const IpAddress us = *IpAddress::parse("192.0.2.10");
const IpAddress other = *IpAddress::parse("192.0.2.20");
const IpAddress group = *IpAddress::parse("224.0.0.18");

RouterConfig router(int priority) {
  RouterConfig config;
  config.version = Version::v3;
  config.priority = static_cast<std::uint8_t>(priority);
  config.address = us;
  return config;
}
State started(const RouterConfig& config) {
  return step(config, Initialize{}, Startup{}, start).state;
}
AdvertReceived heard(int priority, Duration interval = seconds{1}) {
  return {static_cast<std::uint8_t>(priority), interval, other};
}
Advert advert(Version version, const char* address = "192.0.2.1") {
  Advert out;
  out.version = version;
  out.addresses = {*IpAddress::parse(address)};
  return out;
}
template <typename T>
bool does(const Step& step) {
  return std::ranges::any_of(
      step.actions, [](const Action& action) { return std::holds_alternative<T>(action); });
}

TEST(Rfc9568, Section5_2_1And5_2_2_VersionAndTypeAreTheFirstByte) {
  for (const auto& [version, first] : {std::pair{Version::v2, 0x21}, {Version::v3, 0x31}})
    EXPECT_EQ(std::to_integer<int>(encode(advert(version), us, group, ChecksumStyle::message)[0]),
              first);
}
TEST(Rfc9568, Section5_2_4And6_1_TheDefaultsOfAnInstance) {
  const ReadVrrp read{instance_with("version 3")};
  ASSERT_THAT(read.findings, IsEmpty());
  const RouterConfig& made = read.config.instances.at(0).router;
  EXPECT_EQ(made.priority, 100);
  EXPECT_EQ(made.advertisement_interval, milliseconds{1000});
  EXPECT_TRUE(made.preempt);
  EXPECT_EQ(made.down_timer_adverts, 3U);
}
/// Both lists of a pair have to be the same, and keepalived's is as long.
TEST(Rfc9568, Section5_2_5_AnAdvertListsWhatFitsTheMtu) {
  constexpr std::size_t auth = authentication_size;
  EXPECT_EQ(addresses_that_fit(1500, Family::ipv6, 0), 89U);
  EXPECT_EQ(addresses_that_fit(600, Family::ipv4, 0), 139U);
  EXPECT_EQ(addresses_that_fit(600, Family::ipv4, auth), 137U);
  EXPECT_EQ(addresses_that_fit(602, Family::ipv4, auth), 138U);
  EXPECT_EQ(addresses_that_fit(40, Family::ipv6, 0), 0U);
  EXPECT_GE(addresses_that_fit(1500, Family::ipv4, auth + hmac_trailer_size), 255U);
}

TEST(Rfc9568, Section6_1_TheIntervalOfTheActiveRouterBeginsAsOurOwn) {
  RouterConfig config = router(100);
  config.advertisement_interval = seconds{2};
  EXPECT_EQ(std::get<Backup>(started(config)).active_interval, seconds{2});
}
TEST(Rfc9568, Section6_4_2_AfterAResignationTheHighestOfTheBackupsIsFirst) {
  TimePoint before{};
  for (const int priority : {200, 150, 100, 1}) {
    const Step resigned = step(router(priority), started(router(priority)), heard(0), start);
    EXPECT_LT(before, *deadline(resigned.state)) << priority;
    before = *deadline(resigned.state);
  }
  // The first advert of the new one comes before the next one's time: it is followed.
  const RouterConfig second = router(150);
  const Step resigned = step(second, started(second), heard(0), start);
  const Step followed = step(second, resigned.state, heard(200), start + milliseconds{220});
  EXPECT_GT(*deadline(followed.state), start + seconds{3});
  EXPECT_THAT(followed.actions, IsEmpty());
}
TEST(Rfc9568, Section6_4_2_AnotherIntervalOfTheActiveRouterCountsAtOnce) {
  const RouterConfig config = router(100);
  State state = step(config, started(config), heard(200), start).state;
  state = step(config, state, heard(200, milliseconds{100}), start + seconds{1}).state;
  EXPECT_EQ(deadline(state),
            start + seconds{1} + microseconds{360'937} + std::chrono::nanoseconds{500});
}
TEST(Rfc9568, Section6_4_2_TheNewActiveRouterAdvertisesByItsOwnInterval) {
  const RouterConfig config = router(100);
  const State waiting = step(config, started(config), heard(200, seconds{5}), start).state;
  const TimePoint now = *deadline(waiting);
  EXPECT_EQ(deadline(step(config, waiting, DeadlineReached{}, now).state), now + seconds{1});
}
TEST(Rfc9568, Section6_4_3_WhoYieldsWaitsByTheIntervalOfTheBetterOne) {
  const RouterConfig config = router(100);
  const State active = step(config, started(config), DeadlineReached{}, start).state;
  const Step yielded = step(config, active, heard(101, seconds{2}), start);
  EXPECT_EQ(deadline(yielded.state), start + microseconds{7'218'750});
  EXPECT_TRUE(does<DropAddresses>(yielded));
  EXPECT_FALSE(does<SendAdvert>(yielded));
}
TEST(Rfc9568, Section2_5_AnActiveRouterThatStoodStillSaysForHowLong) {
  RouterConfig config = router(100);
  config.advertisement_interval = milliseconds{10};
  const State active = step(config, started(config), DeadlineReached{}, start).state;
  EXPECT_FALSE(does<Suspicious>(step(config, active, DeadlineReached{}, start + milliseconds{12})));
  const Step late = step(config, active, DeadlineReached{}, start + milliseconds{200});
  EXPECT_THAT(late.actions, Contains(Action{Suspicious{
                                "no advert left for 0.200 s, longer than others wait: this machine "
                                "or this process stood still"}}));
}

TEST(Rfc9568, Section8_4_2_BothVersionsAreTakenWhateverTheIntervalOfVersion2) {
  Expectation expectation;
  expectation.own_address = us;
  Advert old = advert(Version::v2);
  old.interval = seconds{7};
  EXPECT_EQ(refuses(expectation, old, other), Discard::version);
  expectation.also_version_2 = true;
  EXPECT_EQ(refuses(expectation, old, other), std::nullopt);
  EXPECT_EQ(refuses(expectation, advert(Version::v3), other), std::nullopt);
  old.auth_type = AuthType::password;
  EXPECT_EQ(refuses(expectation, old, other), Discard::auth_mismatch);
  EXPECT_EQ(refuses(expectation, old, us), Discard::own);
}
TEST(Rfc9568, Section8_4_2_ABackupWaitsByTheSecondsOfAVersion2Router) {
  const RouterConfig config = router(100);
  const State waiting = step(config, started(config), heard(150, seconds{2}), start).state;
  EXPECT_EQ(deadline(waiting), start + microseconds{7'218'750});
}
TEST(Rfc9568, Section8_4_AlsoVersion2IsForVersion3OverIpv4) {
  const auto read = [](const std::string& lines) {
    return ReadVrrp{instance_with("also_version_2\n" + lines)};
  };
  const std::string password = "authentication {\n auth_type PASS\n auth_pass x\n}\n";
  const ReadVrrp good = read("version 3\n" + password);
  EXPECT_THAT(good.findings, IsEmpty());
  EXPECT_TRUE(good.config.instances.at(0).also_version_2);
  EXPECT_EQ(good.config.instances.at(0).auth_type, AuthType::password);
  const std::string key = "auth_hmac {\n key 1 " + std::string(32, 'k') + "\n active_key 1\n}\n";
  for (const auto& [lines, why] :
       {std::pair{std::string{"version 2"}, "also_version_2 needs version 3; it is left out"},
        {"version 3\n" + key, "also_version_2 is not for routers with auth_hmac"},
        {"version 3\nauthentication {\n auth_type AH\n auth_pass x\n}",
         "auth_type AH cannot be together with also_version_2"}})
    EXPECT_THAT(read(lines).findings, Contains(HasSubstr(why))) << lines;
  const ReadVrrp v6{
      "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n also_version_2\n"
      " virtual_ipaddress {\n fe80::1\n }\n}\n"};
  EXPECT_THAT(v6.findings, Contains(HasSubstr("also_version_2 is for IPv4")));
  EXPECT_FALSE(v6.config.instances.at(0).also_version_2);
}

TEST(Rfc9568, Section6_1_AnOwnerWithNopreemptPreemptsAndIsTold) {
  const ReadVrrp read{instance_with("priority 255\nnopreempt")};
  EXPECT_THAT(read.findings, Contains(HasSubstr("nopreempt does nothing with priority 255")));
  EXPECT_TRUE(read.config.instances.at(0).router.preempt);
}
TEST(Rfc3768, Section5_3_7_Version2CountsWholeSeconds) {
  for (const auto& [written, used] :
       {std::pair{"0.4", seconds{1}}, {"0.5", seconds{1}}, {"2.6", seconds{3}}}) {
    const ReadVrrp read{instance_with(fmt::format("version 2\nadvert_int {}", written))};
    EXPECT_EQ(read.config.instances.at(0).router.advertisement_interval, used) << written;
    EXPECT_THAT(read.findings, Contains(HasSubstr("VRRP version 2 counts whole seconds")));
  }
  EXPECT_THAT(ReadVrrp{instance_with("version 2\nadvert_int 256")}.findings,
              Contains(HasSubstr("'advert_int' is 256, outside 0.01..255")));
}

/// Not in the RFC; an older draft, and keepalived, have it.
TEST(Rfc3768, Version2OverIpv6HasThePseudoHeader) {
  const IpAddress from = *IpAddress::parse("fe80::a"), to = *IpAddress::parse("ff02::12");
  const Advert out = advert(Version::v2, "fe80::1");
  auto bytes = encode(out, from, to, ChecksumStyle::message);
  const auto parsed = parse(bytes, {from, to, 255});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->advert, out);
  EXPECT_EQ(parse(bytes, {*IpAddress::parse("fe80::b"), to, 255}).error(), Discard::checksum);
}
/// 6.4.2: the interval of version 2 is one for all routers; 7.1 refuses another one.
TEST(Rfc3768, Section6_4_2_ABackupOfVersion2WaitsByItsOwnInterval) {
  RouterConfig config = router(100);
  config.version = Version::v2;
  const State waiting = step(config, started(config), heard(150, seconds{3}), start).state;
  EXPECT_EQ(deadline(waiting), start + microseconds{3'609'375});
}

}  // namespace
}  // namespace holdfast::vrrp
