#include "checkers/core/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/unit/checkers/pool_support.h"

namespace holdfast::checkers {
namespace {

using testing::HasSubstr;
using testing::Not;

ipvs::DestinationStatistics statistics(std::uint64_t number) {
  return {{{number, 2, 3, 4, 5}, {6, 7, 8, 9, 10}}, {11, 12}, 13};
}

/// Two servers, a sorry server, and two keys in the kernel's table.
struct ServiceStatus : testing::Test {
  ServiceStatus() {
    service.keys = {service.key, ipvs::ServiceKey::of_mark(7, Family::ipv4)};
    service.sorry_server = SorryServer{{address(99), 0}, {}, false, {}};
    service.servers[0].checks[0].probe = TcpCheck{};
    service.servers[1].checks[0].probe = TcpCheck{};
  }
  [[nodiscard]] ServiceView view(const Pool& pool, const ServiceTraffic* traffic) const {
    return {pool, checks, false, traffic};
  }
  VirtualServer service = service_of({3, 4});
  std::vector<std::vector<CheckState>> checks{{CheckState{}}, {CheckState{}}};
  Clocks clocks{TimePoint{} + std::chrono::hours{1},
                std::chrono::system_clock::time_point{std::chrono::seconds{1763757601}}};
};

TEST_F(ServiceStatus, WithoutStatisticsThereIsNothingOfThem) {
  const Pool pool{service, all(2, true)};
  EXPECT_EQ(status_of(view(pool, nullptr), clocks),
            "[10.0.0.1]:tcp:80: quorum 1 is there, alive servers weigh 7\n"
            "  [10.0.0.10]:tcp:80: up, weight 3\n    TCP_CHECK up, not checked yet\n"
            "  [10.0.0.11]:tcp:80: up, weight 4\n    TCP_CHECK up, not checked yet\n");
  EXPECT_FALSE(status_json(view(pool, nullptr), clocks).contains("statistics"));
}

TEST_F(ServiceStatus, StatisticsOfAllKeysAreAddedUpByServer) {
  const Pool pool{service, all(2, true)};
  KernelStatistics said;
  said.emplace_back(service.keys[0],
                    ipvs::ServiceStatistics{statistics(1).traffic,
                                            {{service.servers[0].key, statistics(100)},
                                             {{address(99), 80}, statistics(40)}}});
  said.emplace_back(service.keys[1],
                    ipvs::ServiceStatistics{statistics(2).traffic,
                                            {{service.servers[0].key, statistics(20)},
                                             {{address(50), 80}, statistics(1000)}}});
  const ServiceTraffic traffic = traffic_of(pool, said);
  EXPECT_EQ(traffic.total.total, (ipvs::Counts{3, 4, 6, 8, 10}));
  ASSERT_EQ(traffic.servers.size(), 2U) << "a stranger's destination is not ours";
  EXPECT_EQ(
      traffic.servers.at(service.servers[0].key),
      (ipvs::DestinationStatistics{{{120, 4, 6, 8, 10}, {12, 14, 16, 18, 20}}, {22, 24}, 26}));
  const std::string text = status_of(view(pool, &traffic), clocks);
  EXPECT_THAT(text,
              HasSubstr("  3 connections, 4 packets and 8 bytes in, 6 and 10 out; per second "
                        "12 connections, 14 packets and 18 bytes in, 16 and 20 out\n"
                        "  [10.0.0.10]:tcp:80: up, weight 3\n    120 connections, 4 packets"));
  EXPECT_THAT(text, HasSubstr("\n    22 active, 24 inactive, 26 persistent connections\n"));
  EXPECT_THAT(text, HasSubstr("[10.0.0.11]:tcp:80: up, weight 4\n    not in the kernel's table\n"));
  EXPECT_THAT(text, HasSubstr("  [10.0.0.99]:tcp:0: sorry server\n    40 connections, "));
}

TEST_F(ServiceStatus, AKeyThatTheKernelDoesNotKnowIsNamedAndTheOthersCount) {
  const Pool pool{service, all(2, true)};
  const KernelStatistics said{{service.keys[0], ipvs::ServiceStatistics{statistics(1).traffic, {}}},
                              {service.keys[1], fail("it is gone")}};
  const ServiceTraffic traffic = traffic_of(pool, said);
  EXPECT_EQ(traffic.total, statistics(1).traffic);
  EXPECT_THAT(status_of(view(pool, &traffic), clocks),
              HasSubstr("\n  without FWM 7: it is gone\n"));
}

TEST_F(ServiceStatus, ProgramsGetNumbersAndTimesOfTheWorld) {
  checks[0][0].health = {true, true, 0};
  checks[0][0].findings.add(Verdict::passed(), true, clocks.now - std::chrono::seconds{60});
  const Pool pool{service, {{true}, {false}}};
  const ServiceTraffic traffic{
      statistics(5).traffic, {{service.servers[0].key, statistics(6)}}, {}};
  const boost::json::value object = status_json(view(pool, &traffic), clocks);
  EXPECT_EQ(object.at("name"), "[10.0.0.1]:tcp:80");
  EXPECT_EQ(object.at("has_quorum"), true);
  EXPECT_EQ(object.at_pointer("/statistics/total/connections"), 5);
  EXPECT_EQ(object.at_pointer("/statistics/per_second/bytes_out"), 10);
  EXPECT_EQ(object.at_pointer("/statistics_unknown"), boost::json::array{});
  EXPECT_EQ(object.at_pointer("/servers/0/address"), "10.0.0.10");
  EXPECT_EQ(object.at_pointer("/servers/0/port"), 80);
  EXPECT_EQ(object.at_pointer("/servers/0/weight"), 3);
  EXPECT_EQ(object.at_pointer("/servers/0/checks/0/check"), "TCP_CHECK");
  EXPECT_EQ(object.at_pointer("/servers/0/checks/0/decision/at"), "2025-11-21T20:39:01Z");
  EXPECT_EQ(object.at_pointer("/servers/0/statistics/total/connections"), 6);
  EXPECT_EQ(object.at_pointer("/servers/0/statistics/persistent_connections"), 13);
  EXPECT_EQ(object.at_pointer("/servers/1/up"), false);
  EXPECT_EQ(object.at_pointer("/servers/1/statistics"), nullptr);
  EXPECT_EQ(object.at_pointer("/sorry_server/statistics"), nullptr);
}

TEST(ServerRow, APortStaysWhereTheKernelDoesNotRewriteIt) {
  const ipvs::ServiceKey web{ipvs::Protocol::tcp, address(1), 80};
  const ipvs::ServiceKey mark = ipvs::ServiceKey::of_mark(7, Family::ipv4);
  const ipvs::DestinationKey server{address(10), 8080};
  using enum ipvs::Forwarding;
  EXPECT_EQ(destination_for(web, server, masquerade), server);
  EXPECT_EQ(destination_for(web, {address(10), 0}, masquerade)->port, 80);
  EXPECT_EQ(destination_for(web, server, direct_route)->port, 80);
  EXPECT_EQ(destination_for(mark, server, direct_route)->port, 0) << "it is that of the packet";
  EXPECT_EQ(destination_for(mark, server, masquerade), server);
  const ipvs::DestinationKey six{*IpAddress::parse("fd00::1"), 80};
  EXPECT_EQ(destination_for(web, six, masquerade), std::nullopt);
  EXPECT_EQ(destination_for(web, six, tunnel), six);
}

TEST(ServerRow, ConnectionsOfTwoServersThatDifferInTheirPortAreNotMixedUp) {
  const ipvs::ServiceKey web{ipvs::Protocol::tcp, address(1), 81};
  const Servers servers{{{address(10), 80}, ipvs::Forwarding::masquerade}};
  std::map<ipvs::DestinationKey, ipvs::Connections> sums;
  add_up(sums, servers, web, {{{address(10), 80}, {1, 2}}, {{address(10), 81}, {10, 20}}});
  EXPECT_EQ(sums.at({address(10), 80}), (ipvs::Connections{1, 2}));
}

}  // namespace
}  // namespace holdfast::checkers
