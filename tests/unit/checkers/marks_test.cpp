// nftables_ipvs: which mark a group gets, and which packets get that mark.
#include "checkers/core/marks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/config/address_claims.h"

namespace holdfast::checkers {
namespace {

using ipvs::Protocol;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

VirtualServer group(const char* name, std::vector<GroupRange> ranges,
                    Protocol protocol = Protocol::tcp) {
  VirtualServer service;
  service.group = name;
  service.name = "[" + service.group + "]:0";
  service.key.protocol = protocol;
  service.marked = std::move(ranges);
  for (const GroupRange& range : service.marked)
    service.keys.push_back({protocol, range.first, range.port});
  return service;
}
VirtualServer by_key(const ipvs::ServiceKey& key) {
  VirtualServer service;
  service.name = to_string(key);
  service.keys = {key};
  return service;
}
GroupRange one(const char* address, std::uint16_t port = 80) {
  return {ip(address), ip(address), port};
}

const VirtualServer a = group("a", {one("192.0.2.1")});
const VirtualServer b = group("b", {one("192.0.2.2")});
const VirtualServer c = group("c", {one("192.0.2.3")});

Marks fresh(const std::vector<VirtualServer>& services, const Marks& before = {},
            const MarkedRanges& there = {}, std::set<std::uint32_t> others = {}) {
  TakenMarks taken = marks_in(services);
  taken.by_others = std::move(others);
  return give_marks(services, before, there, taken, 1000);
}

TEST(Marks, AreCountedInTheOrderOfTheConfiguration) {
  EXPECT_THAT(fresh({b, a, by_key({Protocol::tcp, ip("192.0.2.9"), 80})}),
              ElementsAre(Pair("[a]:0 tcp", 1001), Pair("[b]:0 tcp", 1000)));
}

TEST(Marks, OneGroupHasOneForEachProtocol) {
  const auto udp = group("a", {one("192.0.2.1")}, Protocol::udp);
  EXPECT_THAT(fresh({a, udp}), ElementsAre(Pair("[a]:0 tcp", 1000), Pair("[a]:0 udp", 1001)));
}

TEST(Marks, StayWhenOtherGroupsComeAndGo) {
  const Marks before = fresh({a, b});
  EXPECT_THAT(fresh({c, b}, before), ElementsAre(Pair("[b]:0 tcp", 1001), Pair("[c]:0 tcp", 1000)));
  EXPECT_THAT(
      fresh({c, b, a}, before),
      ElementsAre(Pair("[a]:0 tcp", 1000), Pair("[b]:0 tcp", 1001), Pair("[c]:0 tcp", 1002)));
}

TEST(Marks, AreThoseThatAnotherDaemonLeft) {
  const std::vector<VirtualServer> services{a, b};
  const MarkedRanges there = marked_ranges(services, {{"[a]:0 tcp", 7}, {"[b]:0 tcp", 1000}});
  // The services of these marks are in the kernel, and ours as well.
  EXPECT_THAT(fresh({c, b, a}, {}, there, {7, 1000}),
              ElementsAre(Pair("[a]:0 tcp", 7), Pair("[b]:0 tcp", 1000), Pair("[c]:0 tcp", 1001)));
}

TEST(Marks, OfTheConfigurationAndOfOthersArePassedOver) {
  const auto fixed = by_key(ipvs::ServiceKey::of_mark(1001, Family::ipv4));
  EXPECT_THAT(fresh({a, fixed, b}, {}, {}, {1000}),
              ElementsAre(Pair("[a]:0 tcp", 1002), Pair("[b]:0 tcp", 1003)));
  // What is written counts more than what was given.
  EXPECT_THAT(fresh({a, fixed}, {{"[a]:0 tcp", 1001}}), ElementsAre(Pair("[a]:0 tcp", 1000)));
}

TEST(Marks, AreNeverZero) {
  const std::vector<VirtualServer> services{a, b};
  EXPECT_THAT(give_marks(services, {}, {}, {}, 0xffffffffU),
              ElementsAre(Pair("[a]:0 tcp", 0xffffffffU), Pair("[b]:0 tcp", 1)));
}

TEST(MarkedRanges, AreThoseOfTheGroupsWithTheirMarks) {
  const auto wide =
      group("w", {{ip("2001:db8::"), ip("2001:db8::ffff"), 443}, one("192.0.2.7")}, Protocol::udp);
  const std::vector<VirtualServer> services{a, wide};
  EXPECT_THAT(
      marked_ranges(services, fresh(services)),
      ElementsAre(
          Pair(MarkedRange{Protocol::tcp, ip("192.0.2.1"), ip("192.0.2.1"), 80}, 1000),
          Pair(MarkedRange{Protocol::udp, ip("192.0.2.7"), ip("192.0.2.7"), 80}, 1001),
          Pair(MarkedRange{Protocol::udp, ip("2001:db8::"), ip("2001:db8::ffff"), 443}, 1001)));
  EXPECT_THAT(marked_ranges(services, {}), IsEmpty());
}

TEST(MarkedRanges, LeaveAServiceOfOneAddressAloneWithinEveryPort) {
  const auto every = group("e", {{ip("192.0.2.0"), ip("192.0.2.255"), 0}});
  const std::vector<VirtualServer> services{every, by_key({Protocol::tcp, ip("192.0.2.9"), 80}),
                                            by_key({Protocol::udp, ip("192.0.2.9"), 80}),
                                            by_key({Protocol::tcp, ip("192.0.3.9"), 80})};
  EXPECT_THAT(
      marked_ranges(services, fresh(services)),
      ElementsAre(Pair(MarkedRange{Protocol::tcp, ip("192.0.2.0"), ip("192.0.2.255"), 0}, 1000),
                  Pair(MarkedRange{Protocol::tcp, ip("192.0.2.9"), ip("192.0.2.9"), 80}, 0)));
}

TEST(AddressClaims, GiveWhatIsNobodys) {
  AddressClaims claims;
  const auto take = [&](const char* first, const char* last, std::uint16_t port = 80) {
    return claims.take(Protocol::tcp, {ip(first), ip(last), port});
  };
  const auto range = [](const char* first, const char* last) {
    return GroupRange{ip(first), ip(last), 80};
  };
  EXPECT_THAT(take("10.0.0.10", "10.0.0.20"), ElementsAre(range("10.0.0.10", "10.0.0.20")));
  EXPECT_THAT(take("10.0.0.40", "10.0.0.40"), ElementsAre(range("10.0.0.40", "10.0.0.40")));
  EXPECT_THAT(take("10.0.0.1", "10.0.0.50"),
              ElementsAre(range("10.0.0.1", "10.0.0.9"), range("10.0.0.21", "10.0.0.39"),
                          range("10.0.0.41", "10.0.0.50")));
  EXPECT_THAT(take("10.0.0.1", "10.0.0.50"), IsEmpty());
  EXPECT_THAT(take("10.0.0.50", "10.0.0.51"), ElementsAre(range("10.0.0.51", "10.0.0.51")));
  EXPECT_THAT(take("10.0.0.0", "10.0.0.1"), ElementsAre(range("10.0.0.0", "10.0.0.0")));
  EXPECT_EQ(take("10.0.0.1", "10.0.0.50", 443).size(), 1U);
  EXPECT_THAT(take("255.255.255.0", "255.255.255.255"),
              ElementsAre(range("255.255.255.0", "255.255.255.255")));
  EXPECT_THAT(take("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
              ElementsAre(range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
}

TEST(AddressClaims, HaveNeighboursAcrossBytes) {
  EXPECT_EQ(following(ip("10.0.0.255")), ip("10.0.1.0"));
  EXPECT_EQ(preceding(ip("10.0.1.0")), ip("10.0.0.255"));
  EXPECT_EQ(preceding(ip("2001:db8::1:0:0")), ip("2001:db8::ffff:ffff"));
}

}  // namespace
}  // namespace holdfast::checkers
