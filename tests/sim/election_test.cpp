// The invariants of the protocol, in words, over thousands of seeds. SIM_SEED=N replays one.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "tests/sim/seeds.h"
#include "tests/sim/simulation.h"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;
using vrrp::RouterConfig;

constexpr std::uint64_t seeds = 10'000;

/// Two to five routers with different priorities, all of one version and interval.
std::vector<RouterConfig> routers(std::mt19937_64& random, bool preempt = true) {
  const Duration intervals[] = {10ms, 100ms, 1s};
  const auto version = random() % 2 == 0 ? vrrp::Version::v3 : vrrp::Version::v2;
  const Duration interval = version == vrrp::Version::v2 ? Duration{1s} : intervals[random() % 3];
  std::vector<RouterConfig> configs;
  for (std::size_t i = 0; i < 2 + random() % 4; ++i) {
    RouterConfig config;
    config.version = version;
    config.advertisement_interval = interval;
    config.priority = static_cast<std::uint8_t>(250 - 40 * i - random() % 30);
    config.preempt = preempt;
    configs.push_back(config);
  }
  return configs;
}

/// The longest that the routers need to agree: a whole down interval of the slowest, the skew of
/// the best, and the network's delay.
Duration settling(const std::vector<RouterConfig>& configs) {
  Duration longest{0};
  for (const RouterConfig& config : configs)
    longest = std::max(longest, active_down_interval(config, config.advertisement_interval) +
                                    skew_time(config, config.advertisement_interval));
  return longest + configs.front().advertisement_interval + 10ms;
}

/// Minutes of trouble: loss, delay, duplication, partitions, pauses and restarts.
void trouble(Simulation& sim, const std::vector<RouterConfig>& configs) {
  std::mt19937_64& random = sim.random();
  const Duration interval = configs.front().advertisement_interval;
  for (int round = 0; round < 12; ++round) {
    sim.set_weather({static_cast<double>(random() % 60) / 100, 0.1, interval});
    std::vector<int> groups;
    for (std::size_t i = 0; i < configs.size(); ++i)
      groups.push_back(static_cast<int>(random() % 2));
    if (random() % 2 == 0) sim.partition(groups);
    const std::size_t node = random() % configs.size();
    const Duration span = interval * static_cast<int>(random() % 8);
    switch (random() % 4) {
      case 0:
        sim.pause(node, span);
        break;
      case 1:
        sim.restart(node, span, true);
        break;
      case 2:
        sim.restart(node, span, false);
        break;
      default:
        break;
    }
    sim.run_for(interval * static_cast<int>(5 + random() % 20));
    sim.heal();
  }
  sim.set_weather({});
  sim.heal();
}

// Once the network has healed, exactly one router is Active within the down interval and skew, and
// with preemption it is the one of highest priority.
TEST(Election, TheBestRouterAloneIsActiveOnceTheNetworkHeals) {
  for_each_seed(seeds, [](std::uint64_t seed) -> Duration {
    std::mt19937_64 random{seed * 7919 + 1};
    const auto configs = routers(random);
    Simulation sim{seed, configs};
    trouble(sim, configs);
    sim.run_for(settling(configs) * 2);  // the last pause or restart may still run at the healing
    EXPECT_EQ(sim.active(), std::vector<std::size_t>{0});
    const std::uint64_t before = sim.takeovers(0);
    sim.take_longest_overlap();
    sim.run_for(settling(configs) * 3);
    EXPECT_EQ(sim.active(), std::vector<std::size_t>{0});
    EXPECT_EQ(sim.takeovers(0), before) << "it flaps in a calm network";
    EXPECT_EQ(sim.take_longest_overlap(), Duration{0});
    return sim.simulated();
  });
}

// Never two Active routers in one connected component for longer than one interval and the
// network's delay: the loser hears the winner's next advert.
TEST(Election, TwoActiveRoutersDoNotOutliveOneInterval) {
  for_each_seed(seeds, [](std::uint64_t seed) -> Duration {
    std::mt19937_64 random{seed * 104729 + 3};
    const auto configs = routers(random);
    const Duration interval = configs.front().advertisement_interval;
    Simulation sim{seed, configs};
    for (int round = 0; round < 6; ++round) {
      std::vector<int> groups;
      for (std::size_t i = 0; i < configs.size(); ++i)
        groups.push_back(static_cast<int>(random() % 2));
      sim.partition(groups);
      sim.run_for(interval * static_cast<int>(random() % 12));
      sim.heal();
      sim.take_longest_overlap();
      sim.run_for(settling(configs) * 2);
      EXPECT_LE(in_seconds(sim.take_longest_overlap()), in_seconds(interval + 2ms));
    }
    return sim.simulated();
  });
}

// Without preemption nobody takes over from a living Active router in a calm network.
TEST(Election, WithoutPreemptionAReturningRouterWaits) {
  for_each_seed(seeds, [](std::uint64_t seed) -> Duration {
    std::mt19937_64 random{seed * 31 + 5};
    const auto configs = routers(random, /*preempt=*/false);
    Simulation sim{seed, configs};
    sim.run_for(settling(configs) * 2 + 2s);
    const auto first = sim.active();
    EXPECT_EQ(first.size(), 1U);
    if (first.size() != 1) return sim.simulated();
    const std::size_t other = (first[0] + 1) % configs.size();
    sim.restart(other, settling(configs), false);
    sim.run_for(settling(configs) * 4);
    EXPECT_EQ(sim.active(), first);
    return sim.simulated();
  });
}

// A process that died and comes back within the down interval goes on: nobody else takes over.
TEST(Election, ARestartWithStateWithinTheDownIntervalMovesNothing) {
  for_each_seed(seeds, [](std::uint64_t seed) -> Duration {
    std::mt19937_64 random{seed * 17 + 11};
    const auto configs = routers(random);
    Simulation sim{seed, configs};
    sim.run_for(settling(configs) * 2 + 2s);
    for (int round = 0; round < 5; ++round) {
      sim.run_for(configs.front().advertisement_interval * static_cast<int>(1 + random() % 3));
      sim.restart(random() % configs.size(), configs.front().advertisement_interval * 19 / 10,
                  true);
      sim.run_for(configs.front().advertisement_interval * 6);
    }
    EXPECT_EQ(sim.active(), std::vector<std::size_t>{0});
    for (std::size_t i = 0; i < configs.size(); ++i)
      EXPECT_LE(sim.takeovers(i), 1U) << "router " << i;
    return sim.simulated();
  });
}

// A stop in order hands over within the skew time of the next router.
TEST(Election, AResignationHandsOverWithinTheSkewTime) {
  for_each_seed(seeds, [](std::uint64_t seed) -> Duration {
    std::mt19937_64 random{seed * 13 + 7};
    const auto configs = routers(random);
    Simulation sim{seed, configs};
    sim.run_for(settling(configs) * 2 + 2s);
    // A wire that keeps order: an advert of before must not arrive behind the resignation.
    sim.set_weather({0, 0, 10us});
    sim.run_for(1ms);
    sim.stop(0);
    sim.run_for(skew_time(configs[1], configs[1].advertisement_interval) + 3ms);
    EXPECT_EQ(sim.active(), std::vector<std::size_t>{1});
    return sim.simulated();
  });
}

// The invariants can fail: a core that never yields, and one that ignores resignations, are caught.
TEST(Election, ABrokenCoreIsCaught) {
  const auto never_yields = [](const RouterConfig& config, const vrrp::State& state,
                               const vrrp::RouterEvent& event, TimePoint now) {
    if (std::holds_alternative<vrrp::Active>(state) &&
        std::holds_alternative<vrrp::AdvertReceived>(event))
      return vrrp::Step{state, {}};
    return vrrp::step(config, state, event, now);
  };
  RouterConfig best;
  best.version = vrrp::Version::v3;
  best.priority = 200;
  RouterConfig other = best;
  other.priority = 100;
  Simulation sim{1, {best, other}, never_yields};
  sim.partition({0, 1});
  sim.run_for(10s);
  sim.heal();
  sim.run_for(20s);
  EXPECT_EQ(sim.active().size(), 2U);
  EXPECT_GT(sim.take_longest_overlap(), Duration{10s});

  const auto ignores_resignation = [](const RouterConfig& config, const vrrp::State& state,
                                      const vrrp::RouterEvent& event, TimePoint now) {
    const auto* advert = std::get_if<vrrp::AdvertReceived>(&event);
    if (advert != nullptr && advert->priority == 0) return vrrp::Step{state, {}};
    return vrrp::step(config, state, event, now);
  };
  Simulation deaf{2, {best, other}, ignores_resignation};
  deaf.run_for(20s);
  deaf.stop(0);
  deaf.run_for(skew_time(other, other.advertisement_interval) + 3ms);
  EXPECT_TRUE(deaf.active().empty());
}

/// One that the others must agree with, whatever they speak: all settle on the best router.
Duration best_router_wins(std::uint64_t seed, const std::function<Speech(std::size_t)>& speech) {
  std::mt19937_64 random{seed};
  const auto configs = routers(random);
  Simulation sim{seed, configs};
  for (std::size_t i = 0; i < configs.size(); ++i) sim.set_speech(i, speech(i));
  sim.set_weather({.loss = 0.3, .duplication = 0.1});
  sim.run_for(10s);
  sim.set_weather({});
  sim.run_for(3 * settling(configs) + 1s);
  EXPECT_EQ(sim.active(), std::vector<std::size_t>{0});
  return sim.simulated();
}

vrrp::HmacPolicy policy(char key, vrrp::HmacMode mode = vrrp::HmacMode::enforce) {
  vrrp::HmacPolicy out;
  out.keys.emplace(std::uint8_t{1}, vrrp::Secret{std::string(32, key)});
  out.active_key = 1;
  out.mode = mode;
  return out;
}

TEST(Speech, UnicastRoutersAgreeAsMulticastOnesDo) {
  for_each_seed(seeds / 10, [](std::uint64_t seed) {
    return best_router_wins(seed, [](std::size_t i) {
      Speech speech;
      for (std::size_t peer = 0; peer < 5; ++peer)
        if (peer != i) speech.peers.insert(peer);
      return speech;
    });
  });
}

TEST(Speech, SignedAdvertsSurviveLossDuplicationAndDrift) {
  for_each_seed(seeds / 10, [](std::uint64_t seed) {
    return best_router_wins(seed, [](std::size_t) {
      Speech speech;
      speech.hmac = policy('k');
      return speech;
    });
  });
}

TEST(Speech, AKeyIsIntroducedRouterByRouter) {
  for_each_seed(seeds / 10, [](std::uint64_t seed) {
    return best_router_wins(seed, [](std::size_t i) {
      Speech speech;  // some sign already, some only listen
      speech.hmac =
          policy('k', i % 2 == 0 ? vrrp::HmacMode::permissive : vrrp::HmacMode::receive_only);
      return speech;
    });
  });
}

TEST(Speech, ChecksumsOfBothReadingsAreUnderstood) {
  for_each_seed(seeds / 10, [](std::uint64_t seed) {
    return best_router_wins(seed, [](std::size_t i) {
      Speech speech;
      speech.checksum =
          i % 2 == 0 ? vrrp::ChecksumStyle::message : vrrp::ChecksumStyle::pseudo_header;
      return speech;
    });
  });
}

/// Those who do not understand each other are as apart as a partition makes them: each side has
/// one Active router, and no more.
TEST(Speech, VersionsKeysAndPasswordsMakeIslandsWithOneActiveRouterEach) {
  enum class Wall { version, key, password, interval };
  for (const Wall wall : {Wall::version, Wall::key, Wall::password, Wall::interval})
    for_each_seed(seeds / 10, [&](std::uint64_t seed) {
      std::vector<RouterConfig> configs(4);
      for (std::size_t i = 0; i < configs.size(); ++i) {
        configs[i].priority = static_cast<std::uint8_t>(200 - 30 * i);
        configs[i].version =
            wall == Wall::version && i % 2 == 1 ? vrrp::Version::v3 : vrrp::Version::v2;
        if (wall == Wall::interval && i % 2 == 1) configs[i].advertisement_interval = 2s;
      }
      Simulation sim{seed, configs};
      for (std::size_t i = 0; i < configs.size(); ++i) {
        Speech speech;
        if (wall == Wall::key) speech.hmac = policy(i % 2 == 1 ? 'a' : 'b');
        if (wall == Wall::password) {
          speech.auth_type = vrrp::AuthType::password;
          speech.password = vrrp::Secret{i % 2 == 1 ? "one" : "other"};
        }
        sim.set_speech(i, speech);
      }
      sim.run_for(30s);
      EXPECT_EQ(sim.active(), (std::vector<std::size_t>{0, 1}));
      EXPECT_GT(sim.discarded(), 0U);
      return sim.simulated();
    });
}

}  // namespace
}  // namespace holdfast::sim
