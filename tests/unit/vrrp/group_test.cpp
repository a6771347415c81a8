// The rules of sync groups one by one, and their invariant over generated sequences.
#include "vrrp/core/group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace holdfast::vrrp {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr TimePoint start_time{1h};

/// A group with the state that the adapter would keep for it.
class Group {
 public:
  explicit Group(std::size_t size, std::uint8_t priority = 100) {
    for (std::size_t i = 0; i < size; ++i) {
      names_.push_back("VI_" + std::to_string(i + 1));
      RouterConfig config;
      config.version = Version::v3;
      config.priority = priority;
      config.address = IpAddress::v4(0x0A000001U);
      configs.push_back(config);
    }
    states.resize(size);
    faulty.resize(size);
  }
  std::vector<Member> members() const {
    std::vector<Member> all;
    for (std::size_t i = 0; i < states.size(); ++i)
      all.push_back({names_[i], &configs[i], &states[i], static_cast<bool>(faulty[i])});
    return all;
  }
  void start(std::vector<Startup> startups = {}) {
    startups.resize(states.size());
    take(start_group(members(), startups, now));
  }
  void on(std::size_t which, const RouterEvent& event) {
    if (std::holds_alternative<FaultRaised>(event)) faulty[which] = true;
    if (std::holds_alternative<FaultCleared>(event)) faulty[which] = false;
    take(step_group(members(), which, event, now));
  }
  void settle() { take(settle_group(members(), now)); }
  void take(std::vector<MemberStep> steps) {
    log.clear();
    for (MemberStep& made : steps) {
      states[made.member] = made.step.state;
      for (const Action& action : made.step.actions) note(made.member, action);
    }
  }
  void all_want() {
    for (std::size_t i = 0; i < states.size(); ++i) on(i, DeadlineReached{});
  }
  std::vector<StateName> names() const {
    std::vector<StateName> all;
    for (const State& state : states) all.push_back(name_of(state));
    return all;
  }
  StateName state() const { return state_of_group(members()); }

  std::vector<RouterConfig> configs;
  std::vector<State> states;
  std::vector<int> faulty;
  std::vector<std::string> log;  ///< of the last event: "1 advert 0", "2 active: why"
  TimePoint now = start_time;

 private:
  void note(std::size_t member, const Action& action) {
    const std::string who = std::to_string(member + 1);
    if (const auto* advert = std::get_if<SendAdvert>(&action))
      log.push_back(who + " advert " + std::to_string(advert->priority));
    if (const auto* change = std::get_if<Transitioned>(&action))
      log.push_back(who + " " + std::string{to_string(change->to)} + ": " + change->reason);
    if (const auto* announce = std::get_if<Announce>(&action))
      if (announce->occasion == Occasion::lower_priority) log.push_back(who + " announce");
  }
  std::vector<std::string> names_;
};

constexpr StateName backup = StateName::backup, active = StateName::active,
                    fault = StateName::fault;

AdvertReceived advert(std::uint8_t priority) { return {priority, 1s, IpAddress::v4(0x0A000002U)}; }

TEST(Group, StartsAsBackup) {
  Group group{3};
  group.start();
  EXPECT_THAT(group.names(), ElementsAre(backup, backup, backup));
  EXPECT_EQ(group.state(), backup);
}
TEST(Group, OnlyOwnersStartAsActive) {
  Group owners{2, 255};
  owners.start();
  EXPECT_THAT(owners.names(), ElementsAre(active, active));
  Group mixed{2, 255};
  mixed.configs[1].priority = 100;
  mixed.start();
  EXPECT_THAT(mixed.names(), ElementsAre(backup, backup));
}
TEST(Group, StartsInFaultWhenAnyMemberIsFaulty) {
  Group group{3, 255};
  group.faulty[1] = 1;
  group.start();
  EXPECT_THAT(group.names(), ElementsAre(fault, fault, fault));
}
TEST(Group, BecomesActiveWhenAllMembersWantIt) {
  Group group{3};
  group.start();
  group.on(2, DeadlineReached{});
  EXPECT_THAT(group.names(), ElementsAre(backup, backup, backup));
  // Its whole Active_Down_Timer runs again.
  EXPECT_EQ(std::get<Backup>(group.states[2]).deadline,
            group.now + active_down_interval(group.configs[2], 1s));
  group.on(0, DeadlineReached{});
  EXPECT_EQ(group.state(), backup);
  group.on(1, DeadlineReached{});
  EXPECT_THAT(group.names(), ElementsAre(active, active, active));
  // In the order of the list.
  EXPECT_THAT(group.log, ElementsAre("1 advert 100", testing::StartsWith("1 Active"),
                                     "2 advert 100", testing::StartsWith("2 Active"),
                                     "3 advert 100", testing::StartsWith("3 Active")));
}
TEST(Group, AnAdvertThatIsFollowedTakesTheWishBack) {
  Group group{2};
  group.start();
  group.on(0, DeadlineReached{});
  group.now += 100ms;
  group.on(0, advert(150));
  group.on(1, DeadlineReached{});
  EXPECT_EQ(group.state(), backup);
  group.on(0, advert(50));  // one of lower priority does not
  group.on(0, DeadlineReached{});
  group.on(0, advert(50));
  group.on(1, DeadlineReached{});
  EXPECT_EQ(group.state(), active);
}
TEST(Group, OneThatYieldsTakesTheOthersAlongSilently) {
  Group group{3};
  group.start();
  group.all_want();
  group.on(1, advert(150));
  EXPECT_THAT(group.names(), ElementsAre(backup, backup, backup));
  EXPECT_THAT(group.log, ElementsAre(testing::StartsWith("2 Backup: advert of priority 150"),
                                     "1 Backup: its sync group: VI_2 yields",
                                     "3 Backup: its sync group: VI_2 yields"));
}
TEST(Group, OneThatFindsItselfLateTakesTheOthersAlong) {
  Group group{3};
  for (RouterConfig& config : group.configs) {
    config.preempt = false;
    config.late_priority = 254;
  }
  group.start();
  group.all_want();
  group.now += 10s;
  group.on(1, DeadlineReached{});
  EXPECT_THAT(group.names(), ElementsAre(backup, backup, backup));
  EXPECT_THAT(group.log, testing::SizeIs(3));
  EXPECT_THAT(group.log[1], "1 Backup: its sync group: VI_2 yields");
}
TEST(Group, ALostAddressMakesAllActiveOnesYieldWithAResignation) {
  Group group{2};
  group.start();
  group.all_want();
  group.on(1, HoldingsLost{"192.0.2.1/24"});
  EXPECT_THAT(group.names(), ElementsAre(backup, backup));
  EXPECT_THAT(group.log, ElementsAre("2 advert 0", testing::StartsWith("2 Backup"), "1 advert 0",
                                     testing::StartsWith("1 Backup")));
  group.on(1, HoldingsLost{"192.0.2.1/24"});
  EXPECT_TRUE(group.log.empty());
}
TEST(Group, OneFaultIsThatOfAllAndActiveOnesResign) {
  Group group{2};
  group.start();
  group.all_want();
  group.on(1, FaultRaised{});
  EXPECT_THAT(group.names(), ElementsAre(fault, fault));
  EXPECT_THAT(group.log, ElementsAre("2 advert 0", "2 Fault: fault", "1 advert 0",
                                     "1 Fault: its sync group: VI_2 is in FAULT"));
}
TEST(Group, LeavesFaultWithTheLastFaultyMember) {
  Group group{3};
  group.start();
  group.on(0, FaultRaised{});
  group.on(2, FaultRaised{});
  group.on(0, FaultCleared{});
  EXPECT_THAT(group.names(), ElementsAre(fault, fault, fault));
  group.on(2, FaultCleared{});
  EXPECT_THAT(group.names(), ElementsAre(backup, backup, backup));
}
TEST(Group, OwnersLeaveFaultAsActive) {
  Group group{2, 255};
  group.start();
  group.on(0, FaultRaised{});
  group.on(0, FaultCleared{});
  EXPECT_THAT(group.names(), ElementsAre(active, active));
}
TEST(Group, AllAnnounceWhenOneAnswersALoser) {
  Group group{2};
  group.start();
  group.all_want();
  group.now += 1s;
  group.on(0, advert(50));
  EXPECT_THAT(group.log, ElementsAre("1 advert 100", "1 announce", "2 announce"));
}
TEST(Group, OneThatJoinsAnActiveGroupIsActive) {
  Group group{2};
  group.start();
  group.all_want();
  group.states[1] = Initialize{};
  group.start();
  EXPECT_THAT(group.names(), ElementsAre(active, active));
  EXPECT_THAT(group.log, ElementsAre("2 advert 100", "2 Active: its sync group is Active"));
  group.states[1] = Initialize{};
  group.faulty[1] = 1;
  group.start();
  EXPECT_THAT(group.names(), ElementsAre(fault, fault));
}
TEST(Group, ResumesOnlyAsAWhole) {
  Group group{2};
  const State before = Active{start_time + 1s, start_time, {}};
  group.start({Startup{before, false}, Startup{before, false}});
  EXPECT_THAT(group.names(), ElementsAre(active, active));
  EXPECT_TRUE(group.log.empty());
  Group half{2};
  half.start({Startup{before, false}, Startup{}});
  EXPECT_THAT(half.names(), ElementsAre(backup, backup));
}
TEST(Group, AReloadThatPutsInstancesTogetherMakesThemOneState) {
  Group group{3};
  group.states = {Active{start_time + 1s, start_time, {}}, Backup{}, Fault{}};
  group.settle();
  EXPECT_THAT(group.names(), ElementsAre(backup, backup, backup));
  group.states = {Active{start_time + 1s, start_time, {}}, Active{}, Active{}};
  group.settle();
  EXPECT_EQ(group.state(), active);
  group.faulty[2] = 1;
  group.settle();
  EXPECT_THAT(group.names(), ElementsAre(fault, fault, fault));
}

// Whatever happens to whichever member, all that run are in one state, and the group is in FAULT
// exactly while a member is faulty.
TEST(Group, ATakeBackCountsForAllMembersThoughTheOthersHaveThemAlready) {
  Group group{3};
  group.start();
  group.all_want();
  ASSERT_EQ(group.state(), active);
  group.on(0, HandOver{});
  for (const std::size_t taken : {0U, 1U}) group.on(taken, advert(50));
  group.on(0, TakeBack{});  // 1 and 2 are too late for it, 3 goes on
  group.now += 10s;
  group.on(0, DeadlineReached{});
  EXPECT_EQ(group.state(), backup);
  for (const State& state : group.states) EXPECT_FALSE(has_given_way(state));
}
TEST(Group, AHandoverWithoutTakeBackMakesAllGiveWay) {
  Group group{2};
  group.start();
  group.all_want();
  group.on(0, HandOver{});
  group.on(0, advert(50));
  group.now += 10s;
  group.on(0, DeadlineReached{});
  EXPECT_EQ(group.state(), backup);
  for (const State& state : group.states) EXPECT_TRUE(has_given_way(state));
}
TEST(Group, MembersAreInOneStateAfterEveryEvent) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random{seed};
    Group group{1 + random() % 6, random() % 5 == 0 ? std::uint8_t{255} : std::uint8_t{100}};
    for (RouterConfig& config : group.configs) {
      config.preempt = random() % 2 == 0;
      if (random() % 4 == 0) config.preempt_delay = 2s;
      if (random() % 10 == 0) config.priority = 120;
      if (random() % 4 == 0) config.late_priority = 254;
    }
    group.start();
    for (int event = 0; event < 60; ++event) {
      const std::size_t which = random() % group.states.size();
      group.now += std::chrono::milliseconds{random() % (random() % 20 == 0 ? 9000 : 1500)};
      switch (random() % 9) {
        case 8:
          group.on(which, HoldingsLost{"an address"});
          break;
        case 0:
          group.on(which, FaultRaised{});
          break;
        case 1:
        case 2:
          group.on(which, FaultCleared{});
          break;
        case 3:
          group.on(which, advert(static_cast<std::uint8_t>(random() % 256)));
          break;
        case 4: {
          const RouterConfig before = group.configs[which];
          group.configs[which].priority = static_cast<std::uint8_t>(1 + random() % 254);
          group.on(which, ConfigChanged{before});
          break;
        }
        case 5:
          group.states[which] = Initialize{};
          group.start();
          break;
        default:
          group.on(which, DeadlineReached{});
      }
      const auto names = group.names();
      const bool faulty = std::ranges::count(group.faulty, 0) != std::ssize(group.faulty);
      ASSERT_EQ(std::ranges::count(names, names.front()), std::ssize(names))
          << "seed " << seed << " event " << event;
      ASSERT_EQ(names.front() == fault, faulty) << "seed " << seed << " event " << event;
    }
  }
}

}  // namespace
}  // namespace holdfast::vrrp
