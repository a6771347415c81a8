// Who is in use beside what checks say, with a clock of its own.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/checkers/pool_support.h"

namespace holdfast::checkers {
namespace {

using std::chrono::seconds;

TimePoint at(int second) { return TimePoint{seconds{second}}; }
ipvs::DestinationKey key(std::size_t i) {
  return {IpAddress::v4(0x0A00000AU + static_cast<std::uint32_t>(i)), 80};
}

VirtualServer service_with(std::size_t servers, std::uint32_t weight = 1) {
  return service_of(std::vector<std::uint32_t>(servers, weight));
}
/// Weight by number of the server; -1: not in the table.
std::vector<int> weights(const Pool& pool, std::size_t servers) {
  const auto row = pool.wanted();
  std::vector<int> found;
  for (std::size_t i = 0; i < servers; ++i) {
    const auto destination = row.destinations.find(key(i));
    found.push_back(
        destination == row.destinations.end() ? -1 : static_cast<int>(destination->second.weight));
  }
  return found;
}
using Weights = std::vector<int>;

TEST(PoolLimits, WhenMostLookDeadAllStayInAndAreToldSo) {
  VirtualServer service = service_with(4);
  service.panic_threshold = 50;
  Pool pool{service, all(4, true)};
  pool.set_check(0, 0, false, "refused", at(1));
  EXPECT_TRUE(says(pool.set_check(1, 0, false, "refused", at(2)), "Removing service"));
  EXPECT_EQ(weights(pool, 4), (Weights{-1, -1, 1, 1}));
  const Effects panic = pool.set_check(2, 0, false, "refused", at(3));
  EXPECT_TRUE(says(panic, "1 of 4 servers look alive, fewer than 50 %"));
  EXPECT_TRUE(says(panic, "fails and stays in use, the checks are distrusted: refused"));
  EXPECT_FALSE(says(panic, "Removing service"));
  EXPECT_EQ(weights(pool, 4), (Weights{1, 1, 1, 1}));
  EXPECT_TRUE(pool.has_quorum());
  const Effects over = pool.set_check(1, 0, true, "passed", at(4));
  EXPECT_TRUE(says(over, "2 of 4 servers look alive: the checks are trusted again"));
  EXPECT_EQ(weights(pool, 4), (Weights{-1, 1, -1, 1}));
}
TEST(PoolLimits, NoMoreThanTheShareIsOut) {
  VirtualServer service = service_with(4);
  service.max_ejected = 25;
  Pool pool{service, all(4, true)};
  pool.set_check(2, 0, false, "refused", at(1));
  const Effects kept = pool.set_check(0, 0, false, "refused", at(2));
  EXPECT_TRUE(says(kept, "fails and stays in use, 25 % are out already: refused"));
  EXPECT_EQ(weights(pool, 4), (Weights{1, 1, -1, 1}));
  const Effects room = pool.set_check(2, 0, true, "passed", at(3));
  EXPECT_TRUE(says(room, "Adding service [10.0.0.12]:tcp:80"));
  EXPECT_TRUE(says(room, "Removing service [10.0.0.10]:tcp:80"));
  EXPECT_EQ(weights(pool, 4), (Weights{-1, 1, 1, 1}));
}
TEST(PoolLimits, ServersThatBeginDownAreNotBroughtInByDistrust) {
  VirtualServer service = service_with(3);
  service.panic_threshold = 100;
  for (RealServer& server : service.servers) server.alpha = true;
  Pool pool{service, all(3, false)};
  EXPECT_TRUE(pool.settle().events.empty());
  EXPECT_EQ(weights(pool, 3), (Weights{-1, -1, -1}));
  pool.set_check(0, 0, true, "passed", at(1));
  pool.set_check(0, 0, false, "refused", at(2));
  EXPECT_EQ(weights(pool, 3), (Weights{1, -1, -1}));
}

TEST(PoolSlowStart, TheWeightGrowsAndTheQuorumCountsItWhole) {
  VirtualServer service = service_with(2, 100);
  service.slow_start = seconds{10};
  service.quorum = 200;
  Pool pool{service, all(2, true)};
  EXPECT_EQ(weights(pool, 2), (Weights{100, 100})) << "not at the start";
  EXPECT_FALSE(pool.is_moving());
  pool.set_check(0, 0, false, "refused", at(1));
  pool.set_check(0, 0, true, "passed", at(100));
  EXPECT_TRUE(pool.has_quorum());
  EXPECT_EQ(weights(pool, 2), (Weights{1, 100}));
  for (const int second : {103, 105, 109}) {
    EXPECT_TRUE(pool.is_moving());
    EXPECT_TRUE(pool.tick(at(second)).table_changed);
    EXPECT_EQ(weights(pool, 2), (Weights{1 + 99 * (second - 100) / 10, 100}));
  }
  EXPECT_TRUE(pool.tick(at(110)).table_changed);
  EXPECT_EQ(weights(pool, 2), (Weights{100, 100}));
  EXPECT_FALSE(pool.is_moving());
}

TEST(PoolDrain, AnOperatorsDrainKeepsConnectionsAndTheServerComesBackOnDemand) {
  Pool pool{service_with(2, 5), all(2, true)};
  const Effects begun = pool.set_mode(0, Mode::drain, at(1));
  EXPECT_TRUE(says(begun, "[10.0.0.10]:tcp:80 of VS [10.0.0.1]:tcp:80 drains"));
  EXPECT_EQ(weights(pool, 2), (Weights{0, 5}));
  EXPECT_EQ(pool.draining(), (Servers{{key(0), ipvs::Forwarding::masquerade}}));
  EXPECT_FALSE(pool.count_connections(key(0), {7, 2}, at(2)).table_changed);
  EXPECT_EQ(pool.state_of(0), "up, draining, 9 connections");
  EXPECT_FALSE(pool.set_check(0, 0, false, "refused", at(3)).table_changed);
  EXPECT_FALSE(pool.tick(at(100000)).table_changed) << "without drain_timeout it takes its time";
  EXPECT_TRUE(says(pool.count_connections(key(0), {0, 0}, at(100001)), "no connections left"));
  EXPECT_EQ(weights(pool, 2), (Weights{-1, 5}));
  EXPECT_FALSE(pool.is_moving());
  pool.set_check(0, 0, true, "passed", at(100002));
  EXPECT_EQ(weights(pool, 2), (Weights{-1, 5})) << "an operator's word counts more";
  pool.set_mode(0, Mode::normal, at(100003));
  EXPECT_EQ(weights(pool, 2), (Weights{5, 5}));
}
TEST(PoolDrain, HasADeadline) {
  VirtualServer service = service_with(2);
  service.drain_timeout = seconds{60};
  Pool pool{service, all(2, true)};
  pool.set_mode(0, Mode::drain, at(1));
  pool.count_connections(key(0), {3, 0}, at(2));
  EXPECT_FALSE(pool.tick(at(60)).table_changed);
  EXPECT_TRUE(says(pool.tick(at(61)), "is removed with 3 open connections"));
  EXPECT_EQ(weights(pool, 2), (Weights{-1, 1}));
}
TEST(PoolDrain, ARestartDoesNotMoveItsDeadline) {
  VirtualServer service = service_with(2);
  service.drain_timeout = seconds{60};
  Pool before{service, all(2, true)};
  before.set_mode(0, Mode::drain, at(1));
  Pool pool{service, all(2, true)};
  pool.restore(0, before.last_word_of(0));
  pool.settle();
  pool.count_connections(key(0), {3, 0}, at(50));
  EXPECT_FALSE(pool.tick(at(60)).table_changed);
  EXPECT_TRUE(says(pool.tick(at(61)), "is removed with 3 open connections"));
}
TEST(PoolDrain, WithTheQuorumLostTheConnectionsStay) {
  VirtualServer service = service_with(1);
  service.sorry_server = SorryServer{key(9), {}, false, {}};
  Pool pool{service, all(1, true)};
  pool.set_mode(0, Mode::drain, at(1));
  EXPECT_FALSE(pool.has_quorum());
  EXPECT_EQ(weights(pool, 1), (Weights{0}));
  EXPECT_TRUE(pool.wanted().destinations.contains(key(9)));
}
TEST(PoolDrain, MaintenanceIsAtOnceAndLeavesNothingByInhibit) {
  VirtualServer service = service_with(2);
  service.servers[0].inhibit = true;
  Pool pool{service, all(2, true)};
  pool.set_mode(0, Mode::maint, at(1));
  EXPECT_EQ(weights(pool, 2), (Weights{-1, 1}));
  EXPECT_EQ(pool.state_of(0), "up, in maintenance");
}

Pool after_reload(const VirtualServer& service, const Pool& old, int second, Effects& effects) {
  Pool pool{service, all(service.servers.size(), true), old.has_quorum()};
  effects = pool.inherit(old, at(second));
  pool.settle();
  return pool;
}

TEST(PoolDrain, AServerThatAReloadRemovesDrains) {
  VirtualServer service = service_with(2, 5);
  service.drain_timeout = seconds{60};
  const Pool old{service, all(2, true)};
  VirtualServer smaller = service;
  smaller.servers.pop_back();
  Effects effects;
  Pool pool = after_reload(smaller, old, 10, effects);
  EXPECT_TRUE(says(effects, "[10.0.0.11]:tcp:80 of VS [10.0.0.1]:tcp:80 is no longer configured"));
  EXPECT_EQ(weights(pool, 2), (Weights{5, 0}));
  EXPECT_TRUE(pool.is_moving());
  pool.count_connections(key(1), {4, 0}, at(11));
  EXPECT_EQ(pool.leaving().front(), (std::pair{key(1), ipvs::Connections{4, 0}}));
  Pool again = after_reload(smaller, pool, 20, effects);
  EXPECT_EQ(weights(again, 2), (Weights{5, 0})) << "over another reload";
  Pool back = after_reload(service, again, 30, effects);
  EXPECT_EQ(weights(back, 2), (Weights{5, 5})) << "it is configured again";
  EXPECT_FALSE(back.is_moving());
  EXPECT_TRUE(again.tick(at(69)).events.empty());
  EXPECT_TRUE(says(again.tick(at(70)), "is removed with 4 open connections"));
  EXPECT_EQ(weights(again, 2), (Weights{5, -1}));
}
TEST(PoolDrain, ASuccessorGoesOnWithTheDeadline) {
  VirtualServer service = service_with(2, 5);
  service.drain_timeout = seconds{60};
  const Pool old{service, all(2, true)};
  VirtualServer smaller = service;
  smaller.servers.pop_back();
  Effects effects;
  const Pool pool = after_reload(smaller, old, 10, effects);
  ASSERT_EQ(pool.leaving_servers().size(), 1U);
  const LeavingServer leaving = pool.leaving_servers().front();
  Pool next{smaller, all(1, true)};
  next.restore_leaving(leaving);
  next.settle();
  EXPECT_EQ(weights(next, 2), (Weights{5, 0}));
  EXPECT_TRUE(next.is_moving());
  EXPECT_TRUE(next.tick(at(69)).events.empty());
  EXPECT_TRUE(says(next.tick(at(70)), "[10.0.0.11]:tcp:80 of VS [10.0.0.1]:tcp:80"));
  EXPECT_EQ(weights(next, 2), (Weights{5, -1}));
  Pool again{service, all(2, true)};
  again.restore_leaving(leaving);
  EXPECT_EQ(weights(again, 2), (Weights{5, 5})) << "it is configured again";
  smaller.drain_timeout = Duration{0};
  Pool without{smaller, all(1, true)};
  without.restore_leaving(leaving);
  EXPECT_FALSE(without.is_moving());
}
TEST(PoolDrain, WithoutATimeoutAReloadRemovesAtOnce) {
  const VirtualServer service = service_with(2);
  const Pool old{service, all(2, true)};
  VirtualServer smaller = service;
  smaller.servers.pop_back();
  Effects effects;
  const Pool pool = after_reload(smaller, old, 10, effects);
  EXPECT_EQ(weights(pool, 2), (Weights{1, -1}));
}
TEST(PoolDrain, ModesAndSlowStartsGoOnOverAReload) {
  VirtualServer service = service_with(2, 11);
  service.slow_start = seconds{10};
  Pool old{service, all(2, true)};
  old.set_mode(0, Mode::maint, at(1));
  old.set_check(1, 0, false, "refused", at(2));
  old.set_check(1, 0, true, "passed", at(10));
  Effects effects;
  const Pool pool = after_reload(service, old, 15, effects);
  EXPECT_EQ(weights(pool, 2), (Weights{-1, 6}));
}

}  // namespace
}  // namespace holdfast::checkers
