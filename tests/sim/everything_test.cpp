// All at once: two to five routers that speak version 2, 3 or both mixed, by multicast or unicast,
// with a password or signed, with trackers that change priorities and make faults, with clocks that
// are set wrong, with handovers, in bad weather. SIM_SEED=N replays one seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/sim/seeds.h"
#include "tests/sim/simulation.h"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;
using vrrp::RouterConfig;
using vrrp::Version;

constexpr std::uint64_t seeds = 100'000;
/// How far signed adverts may be off; also for how long a clock that was wrong shuts a sender out.
constexpr std::uint32_t window = 2;  // s

/// What a seed decides once.
struct World {
  std::vector<RouterConfig> configs;
  bool is_unicast, is_signed, has_password;
  Duration interval;
};

World world_of(std::mt19937_64& random) {
  World world{{}, random() % 2 == 0, random() % 3 == 0, random() % 3 == 0, 1s};
  const bool is_mixed = random() % 4 == 0;
  const bool is_v3 = random() % 2 == 0;
  if (is_v3 && !is_mixed) world.interval = random() % 2 == 0 ? 10ms : 100ms;
  const std::size_t routers = 2 + random() % 4;
  for (std::size_t i = 0; i < routers; ++i) {
    RouterConfig config;
    config.version = is_v3 != (is_mixed && i % 2 == 1) ? Version::v3 : Version::v2;
    config.advertisement_interval = world.interval;
    // Some tie: the greater address decides.
    config.priority = static_cast<std::uint8_t>(50 + random() % 8 * 20);
    world.configs.push_back(config);
  }
  return world;
}

Speech speech_of(const World& world, std::size_t node) {
  Speech speech;
  for (std::size_t peer = 0; world.is_unicast && peer < world.configs.size(); ++peer)
    if (peer != node) speech.peers.insert(peer);
  if (world.is_signed && world.configs[node].version == Version::v3) {
    vrrp::HmacPolicy policy;
    policy.keys.emplace(std::uint8_t{1}, vrrp::Secret{std::string(32, 'k')});
    policy.active_key = 1;
    policy.window = window;
    speech.hmac = policy;
  }
  if (world.has_password && world.configs[node].version == Version::v2) {
    speech.auth_type = vrrp::AuthType::password;
    speech.password = vrrp::Secret{"secret"};
  }
  return speech;
}

/// A script with a weight, one that is faulty when it fails, and a file that counts.
const std::vector<vrrp::Tracked> trackers{{vrrp::TrackKind::script, "weighted", -60, false},
                                          {vrrp::TrackKind::script, "needed", 0, false},
                                          {vrrp::TrackKind::file, "number", 1, false}};

void change_a_reading(Simulation& sim, std::size_t node) {
  const std::size_t tracker = sim.random()() % trackers.size();
  const int number = static_cast<int>(sim.random()() % 80) - 40;
  sim.set_reading(node, tracker,
                  trackers[tracker].kind == vrrp::TrackKind::file
                      ? vrrp::Reading::of_number(number)
                      : vrrp::Reading::of(sim.random()() % 3 != 0));
}

/// One blow, then some intervals of life.
void trouble(Simulation& sim, const World& world) {
  std::mt19937_64& random = sim.random();
  sim.set_weather({static_cast<double>(random() % 50) / 100, 0.1, world.interval});
  const std::size_t node = random() % world.configs.size();
  const Duration span = world.interval * static_cast<int>(random() % 8);
  switch (random() % 7) {
    case 0:
      sim.pause(node, span);
      break;
    case 1:
      sim.restart(node, span, random() % 2 == 0);
      break;
    case 2:
      sim.set_clock_error(node, 1s * (static_cast<int>(random() % 20) - 10));
      break;
    case 3:
      sim.tell(node, vrrp::HandOver{});
      break;
    case 4: {
      std::vector<int> sides;
      for (std::size_t i = 0; i < world.configs.size(); ++i)
        sides.push_back(static_cast<int>(random() % 2));
      sim.partition(sides);
      break;
    }
    default:
      change_a_reading(sim, node);
      break;
  }
  sim.run_for(world.interval * static_cast<int>(2 + random() % 10));
  sim.heal();
}

void calm(Simulation& sim, const World& world) {
  sim.set_weather({});
  sim.heal();
  for (std::size_t i = 0; i < world.configs.size(); ++i) {
    sim.set_clock_error(i, 0s);
    while (!sim.tell(i, vrrp::TakeBack{})) sim.run_for(world.interval);
  }
  if (world.is_signed) sim.run_for(2s * window);
}

/// The longest wait of all, twice: a pause or a restart may still run when the weather clears.
Duration settling(const Simulation& sim, const World& world) {
  Duration longest{0};
  for (std::size_t i = 0; i < world.configs.size(); ++i)
    longest = std::max(longest, active_down_interval(sim.config(i), world.interval) + 1s);
  return 2 * longest + 9 * world.interval;
}

using Winners = std::multiset<std::pair<Version, int>>;

/// The best of each version (who hears whom) that has no fault.
Winners best_of_each_version(const Simulation& sim, std::size_t routers) {
  std::map<Version, int> best;
  for (std::size_t i = 0; i < routers; ++i)
    if (!sim.is_faulty(i))
      best[sim.config(i).version] =
          std::max<int>(best[sim.config(i).version], sim.config(i).priority);
  return {best.begin(), best.end()};
}

Winners active_of_each_version(const Simulation& sim) {
  Winners all;
  for (const std::size_t node : sim.active())
    all.emplace(sim.config(node).version, sim.config(node).priority);
  return all;
}

struct Outcome {
  std::string wrong;  ///< empty: nothing
  Duration simulated{0};
};

/// Whatever happened: once it is calm, of those that understand each other and have no fault one of
/// the best is Active and no other; then nothing moves any more.
Outcome play(std::uint64_t seed, const Simulation::StepFunction& step) {
  std::mt19937_64 random{seed * 15'485'863 + 7};
  const World world = world_of(random);
  const std::size_t routers = world.configs.size();
  Simulation sim{seed, world.configs, step};
  for (std::size_t i = 0; i < routers; ++i) {
    sim.set_speech(i, speech_of(world, i));
    sim.set_trackers(i, trackers);
  }
  sim.run_for(1s);
  for (int round = 0; round < 6; ++round) trouble(sim, world);
  calm(sim, world);
  sim.run_for(settling(sim, world));
  const auto takeovers = [&] {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < routers; ++i) all += sim.takeovers(i);
    return all;
  };
  const std::uint64_t before = takeovers();
  const auto is_right = [&] {
    return active_of_each_version(sim) == best_of_each_version(sim, routers);
  };
  if (!is_right()) return {"not one of the best alone is Active", sim.simulated()};
  sim.run_for(settling(sim, world));
  if (takeovers() != before) return {"it flaps in calm weather", sim.simulated()};
  if (!is_right()) return {"it moved in calm weather", sim.simulated()};
  return {"", sim.simulated()};
}

TEST(Everything, OneOfTheBestOfThoseWhoUnderstandEachOtherIsActiveOnceAllIsCalm) {
  for_each_seed(seeds, [](std::uint64_t seed) {
    const Outcome outcome = play(seed, vrrp::step);
    EXPECT_EQ(outcome.wrong, "");
    return outcome.simulated;
  });
}

/// A core that does not see one kind of event in one state.
template <typename State, typename Event>
vrrp::Step blind(const RouterConfig& config, const vrrp::State& state,
                 const vrrp::RouterEvent& event, TimePoint now) {
  if (std::holds_alternative<State>(state) && std::holds_alternative<Event>(event))
    return {state, {}};
  return vrrp::step(config, state, event, now);
}

// The property can fail.
TEST(Everything, BrokenCoresAreCaught) {
  for (const Simulation::StepFunction& broken :
       {Simulation::StepFunction{blind<vrrp::Active, vrrp::AdvertReceived>},
        Simulation::StepFunction{blind<vrrp::Backup, vrrp::AdvertReceived>},
        Simulation::StepFunction{blind<vrrp::Active, vrrp::FaultRaised>},
        Simulation::StepFunction{blind<vrrp::Fault, vrrp::FaultCleared>}}) {
    bool caught = false;
    for (std::uint64_t seed = 0; seed < 400 && !caught; ++seed)
      caught = !play(seed, broken).wrong.empty();
    EXPECT_TRUE(caught);
  }
}

}  // namespace
}  // namespace holdfast::sim
