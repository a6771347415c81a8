#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/unit/checkers/pool_support.h"

namespace holdfast::checkers {
namespace {

TEST(Pool, AFailingServerLeavesTheTableAndReturns) {
  Pool pool{service_of({2, 1}), all(2, true)};
  const Effects down = pool.set_check(0, 0, false, "connect: Connection refused");
  EXPECT_TRUE(down.table_changed);
  EXPECT_TRUE(says(down, "Removing service [10.0.0.10]:tcp:80 from VS [10.0.0.1]:tcp:80"));
  EXPECT_EQ(pool.wanted().destinations.size(), 1U);
  const Effects up = pool.set_check(0, 0, true, "passed");
  EXPECT_TRUE(says(up, "Adding service [10.0.0.10]:tcp:80 to VS [10.0.0.1]:tcp:80"));
  EXPECT_EQ(pool.wanted().destinations.at({address(10), 80}).weight, 2U);
}
TEST(Pool, ChangesAreToldInKeepalivedsWords) {
  VirtualServer service = service_of({1});
  service.omega = true;
  Pool pool{service, all(1, true)};
  const std::vector<std::string> down{"RS [10.0.0.10]:tcp:80 [10.0.0.1]:tcp:80 DOWN",
                                      "VS [10.0.0.1]:tcp:80 DOWN"};
  EXPECT_EQ(pool.set_check(0, 0, false, "").changes, down);
  const std::vector<std::string> up{"RS [10.0.0.10]:tcp:80 [10.0.0.1]:tcp:80 UP",
                                    "VS [10.0.0.1]:tcp:80 UP"};
  EXPECT_EQ(pool.set_check(0, 0, true, "").changes, up);
  EXPECT_EQ(pool.stop().changes, down);
}
TEST(Pool, AServerNeedsAllItsChecks) {
  VirtualServer service = service_of({1});
  service.servers[0].checks.resize(2);
  Pool pool{service, {{true, true}}};
  EXPECT_TRUE(pool.set_check(0, 0, false, "").table_changed);
  EXPECT_FALSE(pool.set_check(0, 1, false, "").table_changed);
  EXPECT_FALSE(pool.set_check(0, 0, true, "").table_changed);
  EXPECT_TRUE(pool.set_check(0, 1, true, "").table_changed);
}
TEST(Pool, InhibitOnFailureKeepsTheServerWithWeightZero) {
  VirtualServer service = service_of({5});
  service.servers[0].inhibit = true;
  Pool pool{service, all(1, true)};
  pool.set_check(0, 0, false, "");
  EXPECT_EQ(pool.wanted().destinations.at({address(10), 80}).weight, 0U);
}
TEST(Pool, TheSorryServerReplacesTheServersWhileTheQuorumIsLost) {
  VirtualServer service = service_of({1, 1}, 2);
  service.sorry_server = SorryServer{{address(99), 80}, {}, false, {}};
  Pool pool{service, all(2, true)};
  EXPECT_FALSE(pool.wanted().destinations.contains({address(99), 80}));
  pool.set_check(0, 0, false, "");
  EXPECT_FALSE(pool.has_quorum());
  EXPECT_EQ(pool.wanted().destinations.size(), 1U);
  EXPECT_TRUE(pool.wanted().destinations.contains({address(99), 80}));
  pool.set_check(0, 0, true, "");
  EXPECT_EQ(pool.wanted().destinations.size(), 2U);
}
TEST(Pool, HysteresisKeepsTheQuorumAndItsLoss) {
  Pool pool{service_of({1, 1, 1, 1, 1}, 3, 1), all(5, true)};
  const auto set_alive = [&](std::size_t alive) {
    for (std::size_t i = 0; i < 5; ++i) pool.set_check(i, 0, i < alive, "");
  };
  set_alive(2);
  EXPECT_TRUE(pool.has_quorum()) << "2 is not below 3 - 1";
  set_alive(1);
  EXPECT_FALSE(pool.has_quorum());
  set_alive(3);
  EXPECT_FALSE(pool.has_quorum()) << "3 is below 3 + 1";
  set_alive(4);
  EXPECT_TRUE(pool.has_quorum());
}
TEST(Pool, AfterARestartTheQuorumGoesOnInsideItsHysteresis) {
  const VirtualServer service = service_of({1, 1, 1}, 3, 1);
  const std::vector<std::vector<bool>> two{{true}, {true}, {false}};
  Pool held{service, two, true};
  EXPECT_TRUE(held.settle().events.empty());
  EXPECT_TRUE(held.has_quorum()) << "2 is not below 3 - 1";
  Pool lost{service, all(3, true), false};
  EXPECT_TRUE(lost.settle().events.empty());
  EXPECT_FALSE(lost.has_quorum()) << "3 is below 3 + 1";
}
TEST(Pool, AReloadThatMovesTheQuorumSaysSo) {
  VirtualServer service = service_of({1, 1}, 2);
  service.quorum_down = config::Place{9, 1};
  Pool pool{service, {{true}, {false}}, true};
  const Effects effects = pool.settle();
  EXPECT_TRUE(says(effects, "Lost quorum 2"));
  EXPECT_EQ(effects.scripts.size(), 1U);
}
TEST(Pool, WithAlphaTheQuorumBeginsLost) {
  EXPECT_FALSE((Pool{service_of({1, 1}), all(2, false)}.has_quorum()));
}
TEST(Pool, ScriptsAreAskedForInTheOrderOfTheChange) {
  VirtualServer service = service_of({1}, 1);
  service.servers[0].notify_down = config::Place{7, 1};
  service.quorum_down = config::Place{9, 1};
  Pool pool{service, all(1, true)};
  const Effects effects = pool.set_check(0, 0, false, "");
  ASSERT_EQ(effects.scripts.size(), 2U);
  EXPECT_EQ(effects.scripts[0].script.line, 7U);
  EXPECT_EQ(effects.scripts[1].script.line, 9U);
}
TEST(Pool, OmegaRunsTheDownScriptsOfWhatIsUpAtStop) {
  VirtualServer service = service_of({1, 1});
  service.omega = true;
  service.servers[0].notify_down = service.servers[1].notify_down = config::Place{7, 1};
  Pool pool{service, all(2, true)};
  pool.set_check(1, 0, false, "");
  EXPECT_EQ(pool.stop().scripts.size(), 1U);
  service.omega = false;
  EXPECT_TRUE((Pool{service, all(2, true)}.stop().scripts.empty()));
}

RC_GTEST_PROP(Pool, TheTableHoldsTheAliveServersAndTheQuorumItsArithmetic,
              (const std::vector<std::pair<std::uint8_t, bool>>& changes)) {
  const std::vector<std::uint32_t> weights{1, 2, 3, 4, 5};
  Pool pool{service_of(weights, 7, 2), all(5, true)};
  std::vector<bool> up(5, true);
  bool quorum = true;
  for (const auto& [index, state] : changes) {
    const std::size_t server = index % 5;
    pool.set_check(server, 0, state, "");
    up[server] = state;
    std::uint32_t weight = 0;
    for (std::size_t i = 0; i < 5; ++i) weight += up[i] ? weights[i] : 0;
    quorum = quorum ? weight > 0 && weight >= 7 - 2 : weight >= 7 + 2;
    RC_ASSERT(pool.alive_weight() == weight);
    RC_ASSERT(pool.has_quorum() == quorum);
    const auto row = pool.wanted();
    for (std::size_t i = 0; i < 5; ++i)
      RC_ASSERT(row.destinations.contains({address(10 + static_cast<int>(i)), 80}) == up[i]);
  }
}

TEST(Pool, ContributionsOfChecksMoveTheWeightAndTheQuorum) {
  VirtualServer service = service_of({10, 10}, 15);
  for (RealServer& server : service.servers) server.checks.resize(2);
  Pool pool{service, {{true, true}, {true, true}}};
  EXPECT_TRUE(pool.has_quorum());
  const Effects effects = pool.set_contribution(0, 1, -8);
  EXPECT_TRUE(effects.table_changed);
  EXPECT_EQ(pool.weight_of(0), 2U);
  EXPECT_FALSE(pool.has_quorum()) << "12 of 15";
  EXPECT_EQ(pool.wanted().destinations.at(service.servers[0].key).weight, 2U);
  pool.set_contribution(0, 0, 5);
  EXPECT_EQ(pool.weight_of(0), 7U) << "those of all its checks";
  EXPECT_TRUE(pool.has_quorum());
  pool.set_contribution(0, 1, -100);
  EXPECT_EQ(pool.weight_of(0), 0U) << "never below 0";
  EXPECT_FALSE(pool.set_contribution(0, 1, -100).table_changed);
}
TEST(RowFor, KeepsTheFamilyAndThePortOfItsKey) {
  ipvs::Service row{{}, {}};
  const auto add = [&](const char* address, std::uint16_t port, ipvs::Forwarding forwarding) {
    row.destinations[{*IpAddress::parse(address), port}].forwarding = forwarding;
  };
  add("10.0.0.1", 8080, ipvs::Forwarding::masquerade);
  add("10.0.0.2", 0, ipvs::Forwarding::direct_route);
  add("2001:db8::1", 0, ipvs::Forwarding::direct_route);
  add("2001:db8::2", 0, ipvs::Forwarding::tunnel);
  const auto names = [&](const ipvs::ServiceKey& key) {
    std::vector<std::string> all;
    for (const auto& [server, settings] : row_for(key, row).destinations)
      all.push_back(to_string(server, ipvs::Protocol::tcp));
    return all;
  };
  EXPECT_EQ(names({ipvs::Protocol::tcp, *IpAddress::parse("192.0.2.1"), 80}),
            (std::vector<std::string>{"[10.0.0.1]:tcp:8080", "[10.0.0.2]:tcp:80",
                                      "[2001:db8::2]:tcp:80"}));
  EXPECT_EQ(names(ipvs::ServiceKey::of_mark(3, Family::ipv6)),
            (std::vector<std::string>{"[2001:db8::1]:tcp:0", "[2001:db8::2]:tcp:0"}));
}

}  // namespace
}  // namespace holdfast::checkers
