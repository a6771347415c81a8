// Properties of sync groups, in words, over thousands of seeds. SIM_SEED=N replays one.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/sim/group_simulation.h"
#include "tests/sim/seeds.h"

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;
using vrrp::StateName;

constexpr std::uint64_t seeds = 10'000;

/// Two or three nodes of falling priority and one to four members.
GroupSimulation pair_of(std::uint64_t seed, GroupSimulation::StepFunction step = vrrp::step_group) {
  std::vector<std::uint8_t> priorities{200, 150};
  if (seed % 3 == 0) priorities.push_back(100);
  return {seed, priorities, 1 + seed % 4, std::move(step)};
}

/// Minutes of loss, cut links, faults and restarts.
void trouble(GroupSimulation& sim, std::size_t members) {
  std::mt19937_64& random = sim.random();
  for (int round = 0; round < 25; ++round) {
    sim.set_loss(static_cast<double>(random() % 40) / 100);
    const std::size_t node = random() % sim.nodes();
    const std::size_t member = random() % members;
    switch (random() % 6) {
      case 0:
        sim.cut(node, member);
        break;
      case 1:
        sim.set_fault(node, member, true);
        break;
      case 2:
        sim.set_fault(node, member, false);
        break;
      case 3:
        sim.restart(node, random() % 2 == 0);
        break;
      default:
        break;
    }
    sim.run_for(std::chrono::milliseconds{random() % 2000});
    if (random() % 3 == 0) sim.heal();
  }
}

void calm(GroupSimulation& sim, std::size_t members) {
  sim.heal();
  sim.set_loss(0);
  for (std::size_t node = 0; node < sim.nodes(); ++node)
    for (std::size_t member = 0; member < members; ++member) sim.set_fault(node, member, false);
}

/// The slowest member's whole wait, twice, since one that is not joined waits once more.
constexpr Duration settling = 3s;

// At every moment all members of a group on one node are in one state.
TEST(GroupSim, TheMembersOfAGroupAreNeverTorn) {
  for_each_seed(seeds, [](std::uint64_t seed) {
    GroupSimulation sim = pair_of(seed);
    trouble(sim, 1 + seed % 4);
    EXPECT_EQ(sim.torn(), 0U);
    return sim.simulated();
  });
}

// Once all is well again, the best node alone is Active for every member, and nothing moves.
TEST(GroupSim, TheBestNodeHoldsTheWholeGroupOnceAllIsWell) {
  for_each_seed(seeds, [](std::uint64_t seed) {
    GroupSimulation sim = pair_of(seed);
    trouble(sim, 1 + seed % 4);
    calm(sim, 1 + seed % 4);
    sim.run_for(settling);
    EXPECT_EQ(sim.active(), std::vector<std::size_t>{0});
    const std::uint64_t before = sim.takeovers();
    sim.run_for(20s);
    EXPECT_EQ(sim.active(), std::vector<std::size_t>{0});
    EXPECT_EQ(sim.takeovers(), before) << "it flaps in a calm network";
    return sim.simulated();
  });
}

// A fault of any one member moves the whole group to the next node, and its end moves it back.
TEST(GroupSim, OneFaultMovesTheWholeGroup) {
  for_each_seed(seeds, [](std::uint64_t seed) {
    GroupSimulation sim = pair_of(seed);
    sim.run_for(settling);
    for (int round = 0; round < 3; ++round) {
      const std::size_t member = sim.random()() % (1 + seed % 4);
      sim.set_fault(0, member, true);
      EXPECT_EQ(sim.state(0), StateName::fault);
      sim.run_for(settling);
      EXPECT_EQ(sim.active(), std::vector<std::size_t>{1});
      sim.set_fault(0, member, false);
      sim.run_for(settling);
      EXPECT_EQ(sim.active(), std::vector<std::size_t>{0});
    }
    return sim.simulated();
  });
}

// A process that dies and comes back with its records moves nothing.
TEST(GroupSim, ARestartWithStateMovesNothing) {
  for_each_seed(seeds, [](std::uint64_t seed) {
    GroupSimulation sim = pair_of(seed);
    sim.run_for(settling);
    const std::uint64_t before = sim.takeovers();
    for (int round = 0; round < 5; ++round) {
      sim.restart(sim.random()() % sim.nodes(), true);
      sim.run_for(700ms);
    }
    EXPECT_EQ(sim.active(), std::vector<std::size_t>{0});
    EXPECT_EQ(sim.takeovers(), before);
    return sim.simulated();
  });
}

// The properties can fail: a core that leaves every member to itself, and one that forgets the last
// member of the list.
TEST(GroupSim, ABrokenCoreIsCaught) {
  const auto alone = [](std::span<const vrrp::Member> members, std::size_t which,
                        const vrrp::RouterEvent& event, TimePoint now) {
    const vrrp::Member& member = members[which];
    return std::vector<vrrp::MemberStep>{
        {which, vrrp::step(*member.config, *member.state, event, now)}};
  };
  const auto forgets_the_last = [](std::span<const vrrp::Member> members, std::size_t which,
                                   const vrrp::RouterEvent& event, TimePoint now) {
    auto steps = vrrp::step_group(members, which, event, now);
    if (steps.size() > 1) steps.pop_back();
    return steps;
  };
  for (const GroupSimulation::StepFunction& broken :
       {GroupSimulation::StepFunction{alone}, GroupSimulation::StepFunction{forgets_the_last}}) {
    GroupSimulation sim = pair_of(3, broken);
    sim.run_for(settling);
    sim.set_fault(0, 0, true);
    sim.run_for(settling);
    EXPECT_GT(sim.torn(), 0U);
  }
}

}  // namespace
}  // namespace holdfast::sim
