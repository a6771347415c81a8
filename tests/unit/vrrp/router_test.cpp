// RFC 9568 section 6.4, row by row; the section of each rule is in the name of its test.
#include "vrrp/core/router.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint start{seconds{1000}};
const IpAddress us = *IpAddress::parse("192.0.2.10");
const IpAddress greater = *IpAddress::parse("192.0.2.20");
const IpAddress lesser = *IpAddress::parse("192.0.2.5");

RouterConfig v3(int priority = 100, Duration interval = seconds{1}) {
  RouterConfig config;
  config.version = Version::v3;
  config.priority = static_cast<std::uint8_t>(priority);
  config.advertisement_interval = interval;
  config.address = us;
  return config;
}
RouterConfig v2(int priority = 100, Duration interval = seconds{1}) {
  RouterConfig config = v3(priority, interval);
  config.version = Version::v2;
  return config;
}
Backup backup_of(const RouterConfig& config) {
  return std::get<Backup>(step(config, Initialize{}, Startup{}, start).state);
}
State active_of(const RouterConfig& config) {
  return step(config, backup_of(config), DeadlineReached{}, start).state;
}
AdvertReceived advert(int priority, IpAddress source, Duration interval = seconds{1}) {
  return {static_cast<std::uint8_t>(priority), interval, source};
}
StateName to(const Step& step) { return name_of(step.state); }
bool sends(const Step& step, int priority) {
  for (const Action& action : step.actions)
    if (const auto* sent = std::get_if<SendAdvert>(&action)) return sent->priority == priority;
  return false;
}
template <typename T>
bool does(const Step& step) {
  for (const Action& action : step.actions)
    if (std::holds_alternative<T>(action)) return true;
  return false;
}

std::string reason(const Step& step) {
  for (const Action& action : step.actions)
    if (const auto* transition = std::get_if<Transitioned>(&action)) return transition->reason;
  return {};
}

TEST(Router, Rfc9568_6_1_SkewAndDownInterval) {
  const auto down = [](const RouterConfig& config) {
    return in_seconds(active_down_interval(config, config.advertisement_interval));
  };
  EXPECT_NEAR(in_seconds(skew_time(v3(100), seconds{1})), 0.609375, 1e-9);
  EXPECT_NEAR(down(v3(100)), 3.609375, 1e-9);
  EXPECT_NEAR(down(v3(200)), 3.21875, 1e-9);
  EXPECT_NEAR(down(v3(254)), 3.0078125, 1e-9);
  EXPECT_NEAR(down(v3(1)), 3.99609375, 1e-9);
  EXPECT_NEAR(down(v3(100, milliseconds{10})), 0.03609375, 1e-9);
  EXPECT_NEAR(down(v3(1, milliseconds{40950})), 163.6400390625, 1e-9);
  EXPECT_NEAR(down(v3(255, milliseconds{10})), 0.0300390625, 1e-9);
}
TEST(Router, Rfc3768_6_1_SkewOfVersion2IsInSecondsWhateverTheInterval) {
  EXPECT_NEAR(in_seconds(active_down_interval(v2(100), seconds{1})), 3.609375, 1e-9);
  EXPECT_NEAR(in_seconds(active_down_interval(v2(100, seconds{3}), seconds{3})), 9.609375, 1e-9);
}
TEST(Router, DownTimerAdvertsReplacesTheThree) {
  RouterConfig config = v3(100);
  config.down_timer_adverts = 7;
  EXPECT_NEAR(in_seconds(active_down_interval(config, seconds{1})), 7.609375, 1e-9);
}

TEST(Router, Rfc9568_6_4_1_OwnerAdvertisesAndAnnouncesAtOnce) {
  const Step begun = step(v3(255), Initialize{}, Startup{}, start);
  EXPECT_EQ(to(begun), StateName::active);
  EXPECT_EQ(begun.actions[0], Action{SendAdvert{255}});
  EXPECT_EQ(begun.actions[1], Action{HoldAddresses{}});
  EXPECT_EQ(begun.actions[2], Action{Announce{Occasion::takeover}});
  EXPECT_EQ(deadline(begun.state), start + seconds{1});
}
TEST(Router, Rfc9568_6_4_1_OthersWaitForTheDownInterval) {
  const Step begun = step(v3(100), Initialize{}, Startup{}, start);
  EXPECT_EQ(to(begun), StateName::backup);
  EXPECT_FALSE(does<SendAdvert>(begun));
  EXPECT_EQ(deadline(begun.state), start + microseconds{3'609'375});
}
TEST(Router, NothingLeavesInInitializeAndFault) {
  for (const State& state : {State{Initialize{}}, State{Fault{}}}) {
    const Step same = step(v3(), state, advert(0, greater), start);
    EXPECT_TRUE(same.actions.empty());
    EXPECT_EQ(deadline(same.state), std::nullopt);
  }
}

TEST(Router, Rfc9568_6_4_2_DeadlineMakesActive) {
  const Step next = step(v3(), backup_of(v3()), DeadlineReached{}, start);
  EXPECT_EQ(to(next), StateName::active);
  EXPECT_EQ(next.actions[0], Action{SendAdvert{100}});
  EXPECT_EQ(next.actions[1], Action{HoldAddresses{}});
  EXPECT_TRUE(does<Announce>(next));
}
TEST(Router, Rfc9568_6_4_2_ResignationShortensTheWaitToSkew) {
  const Step next = step(v3(), backup_of(v3()), advert(0, greater), start);
  EXPECT_EQ(deadline(next.state), start + microseconds{609'375});
  const Step taken = step(v3(), next.state, DeadlineReached{}, start + seconds{1});
  EXPECT_TRUE(reason(taken).ends_with(" resigned")) << reason(taken);
}
TEST(Router, Rfc9568_6_4_2_HigherPriorityRestartsTheTimerWithItsInterval) {
  const Step next = step(v3(), backup_of(v3()), advert(200, greater, seconds{2}), start);
  EXPECT_EQ(deadline(next.state), start + microseconds{7'218'750});
}
TEST(Router, Rfc9568_6_4_2_EqualPriorityRestartsTheTimerWhateverTheAddress) {
  for (const IpAddress& source : {greater, lesser}) {
    const Step next = step(v3(), backup_of(v3()), advert(100, source), start + seconds{1});
    EXPECT_EQ(deadline(next.state), start + seconds{1} + microseconds{3'609'375});
  }
}
TEST(Router, Rfc9568_6_4_2_LowerPriorityIsIgnoredWithPreemption) {
  const Backup before = backup_of(v3(200));
  const Step next = step(v3(200), before, advert(100, greater), start + seconds{1});
  EXPECT_EQ(deadline(next.state), before.deadline);
}
TEST(Router, Rfc9568_6_4_2_LowerPriorityIsFollowedWithoutPreemption) {
  RouterConfig config = v3(200);
  config.preempt = false;
  const Step next = step(config, backup_of(config), advert(100, greater), start + seconds{1});
  EXPECT_EQ(deadline(next.state), start + seconds{1} + microseconds{3'218'750});
}
TEST(Router, Rfc9568_6_1_TheOwnerAlwaysPreempts) {
  RouterConfig config = v3(255);
  config.preempt = false;
  const Backup before = config.preempt
                            ? Backup{}
                            : std::get<Backup>(step(v3(100), Initialize{}, Startup{}, start).state);
  EXPECT_EQ(deadline(step(config, before, advert(100, greater), start).state), before.deadline);
}
TEST(Router, Rfc9568_6_4_2_ShutdownSendsNothing) {
  const Step next = step(v3(), backup_of(v3()), Shutdown{}, start);
  EXPECT_EQ(to(next), StateName::initialize);
  EXPECT_FALSE(does<SendAdvert>(next));
}
TEST(Router, PreemptDelayFollowsLosersUntilItEnds) {
  RouterConfig config = v3(200);
  config.preempt_delay = seconds{5};
  const Step first = step(config, backup_of(config), advert(100, greater), start);
  EXPECT_EQ(deadline(first.state), start + microseconds{3'218'750});
  const Step later = step(config, first.state, advert(100, greater), start + seconds{3});
  EXPECT_EQ(deadline(later.state), start + seconds{3} + microseconds{3'218'750});
  const Step ended = step(config, later.state, advert(100, greater), start + seconds{6});
  EXPECT_EQ(deadline(ended.state), deadline(later.state));
}
TEST(Router, ABetterAdvertEndsThePreemptDelay) {
  RouterConfig config = v3(200);
  config.preempt_delay = seconds{5};
  const Step first = step(config, backup_of(config), advert(100, greater), start);
  const Step better = step(config, first.state, advert(201, greater), start + seconds{1});
  EXPECT_EQ(std::get<Backup>(better.state).preempt_at, std::nullopt);
}
TEST(Router, Version2DoesNotLearnTheInterval) {
  const Step next = step(v2(), backup_of(v2()), advert(200, greater, seconds{9}), start);
  EXPECT_EQ(deadline(next.state), start + microseconds{3'609'375});
}

TEST(Router, Rfc9568_6_4_3_AdvertisesEveryIntervalWithoutDrift) {
  State state = active_of(v3());
  for (int i = 1; i <= 100; ++i) {
    const TimePoint late = *deadline(state) + milliseconds{7};
    const Step next = step(v3(), state, DeadlineReached{}, late);
    EXPECT_TRUE(sends(next, 100));
    state = next.state;
    EXPECT_EQ(deadline(state), start + seconds{1} * (i + 1));
  }
}
TEST(Router, AStalledActiveRouterDoesNotSendABurstAndAnnouncesAgain) {
  const Step next = step(v3(), active_of(v3()), DeadlineReached{}, start + seconds{10});
  EXPECT_TRUE(sends(next, 100));
  EXPECT_EQ(next.actions.back(), Action{Announce{Occasion::resumed}});
  EXPECT_EQ(deadline(next.state), start + seconds{11});
}
TEST(Router, TimerExpiredBackupMakesALateActiveRouterYieldWithoutAWord) {
  RouterConfig config = v3();
  config.preempt = false;
  config.late_priority = 254;  // 3 adverts and 2/256 s
  for (const auto& [late, state] : {std::pair{milliseconds{3'007}, StateName::active},
                                    {milliseconds{3'008}, StateName::backup}}) {
    const Step waking = step(config, active_of(config), DeadlineReached{}, start + late);
    EXPECT_EQ(to(waking), state);
    EXPECT_EQ(sends(waking, 100), state == StateName::active);
    EXPECT_FALSE(sends(waking, 0));
  }
  const Step hearing =
      step(config, active_of(config), advert(50, lesser), start + milliseconds{3'008});
  EXPECT_EQ(to(hearing), StateName::backup);
  EXPECT_FALSE(sends(hearing, 100));
  config.late_priority.reset();
  EXPECT_EQ(to(step(config, active_of(config), DeadlineReached{}, start + seconds{60})),
            StateName::active);
}
TEST(Router, Rfc9568_8_3_2_TwoOwnersAreReportedByBothAndTheLesserAddressYields) {
  const State owner = step(v3(255), Initialize{}, Startup{}, start).state;
  const Step winner = step(v3(255), owner, advert(255, lesser), start + seconds{1});
  EXPECT_EQ(to(winner), StateName::active);
  EXPECT_TRUE(does<Suspicious>(winner) && sends(winner, 255));
  const Step loser = step(v3(255), owner, advert(255, greater), start + seconds{1});
  EXPECT_EQ(to(loser), StateName::backup);
  EXPECT_TRUE(does<Suspicious>(loser));
}
TEST(Router, Rfc9568_6_4_3_ResignationOfAnotherIsAnsweredAtOnce) {
  const TimePoint now = start + milliseconds{500};
  const Step next = step(v3(), active_of(v3()), advert(0, greater), now);
  EXPECT_EQ(to(next), StateName::active);
  EXPECT_TRUE(sends(next, 100));
  EXPECT_EQ(deadline(next.state), now + seconds{1});
}
TEST(Router, Rfc9568_6_4_3_HigherPriorityMakesBackup) {
  const Step next = step(v3(), active_of(v3()), advert(101, lesser, seconds{2}), start);
  EXPECT_EQ(to(next), StateName::backup);
  EXPECT_TRUE(does<DropAddresses>(next));
  EXPECT_FALSE(does<SendAdvert>(next));
  EXPECT_EQ(deadline(next.state), start + microseconds{7'218'750});
}
TEST(Router, Rfc9568_6_4_3_EqualPriorityGreaterAddressMakesBackup) {
  EXPECT_EQ(to(step(v3(), active_of(v3()), advert(100, greater), start)), StateName::backup);
  EXPECT_EQ(to(step(v3(), active_of(v3()), advert(100, lesser), start)), StateName::active);
}
TEST(Router, Rfc9568_6_4_3_ALoserIsAnsweredAtOnceButNotInAStorm) {
  Step next = step(v3(), active_of(v3()), advert(50, greater), start);
  EXPECT_TRUE(sends(next, 100));
  EXPECT_TRUE(does<Announce>(next));
  int answers = 0;
  for (int i = 0; i < 1000; ++i) {
    next = step(v3(), next.state, advert(50, greater), start + milliseconds{i});
    answers += sends(next, 100) ? 1 : 0;
  }
  EXPECT_LE(answers, 10);
}
TEST(Router, LowerPrioNoAdvertKeepsSilent) {
  RouterConfig config = v3();
  config.lower_prio_no_advert = true;
  EXPECT_FALSE(does<SendAdvert>(step(config, active_of(config), advert(50, greater), start)));
}
TEST(Router, HigherPrioSendAdvertSendsOneMoreBeforeYielding) {
  RouterConfig config = v3();
  config.higher_prio_send_advert = true;
  EXPECT_TRUE(sends(step(config, active_of(config), advert(200, greater), start), 100));
}
TEST(Router, Rfc9568_6_4_3_ShutdownResigns) {
  const Step next = step(v3(), active_of(v3()), Shutdown{}, start);
  EXPECT_EQ(to(next), StateName::initialize);
  EXPECT_EQ(next.actions[0], Action{SendAdvert{0}});
  EXPECT_EQ(next.actions[1], Action{DropAddresses{}});
}
TEST(Router, FaultResignsAndItsEndBeginsAsBackup) {
  const Step fault = step(v3(), active_of(v3()), FaultRaised{}, start);
  EXPECT_EQ(to(fault), StateName::fault);
  EXPECT_TRUE(sends(fault, 0));
  EXPECT_EQ(to(step(v3(), fault.state, FaultCleared{}, start)), StateName::backup);
  EXPECT_EQ(to(step(v3(255), Fault{}, FaultCleared{}, start)), StateName::active);
}

TEST(Router, ARestartedActiveRouterGoesOnWithoutATransition) {
  Startup startup;
  startup.resume = active_of(v3());
  const Step next = step(v3(), Initialize{}, startup, start + milliseconds{300});
  EXPECT_EQ(to(next), StateName::active);
  EXPECT_EQ(deadline(next.state), start + seconds{1});
  EXPECT_EQ(next.actions, std::vector<Action>{HoldAddresses{}});
}
TEST(Router, ARestartAfterTheDownIntervalBeginsAsBackup) {
  Startup startup;
  startup.resume = active_of(v3());
  const Step next = step(v3(), Initialize{}, startup, start + seconds{3});
  EXPECT_EQ(to(next), StateName::backup);
  EXPECT_TRUE(does<DropAddresses>(next));
}
TEST(Router, ARestartedBackupKeepsItsTimer) {
  Startup startup;
  const Backup before = backup_of(v3());
  startup.resume = before;
  EXPECT_EQ(deadline(step(v3(), Initialize{}, startup, start + seconds{2}).state), before.deadline);
}
TEST(Router, AReloadThatChangesThePriorityMovesTheRunningTimerOnly) {
  const RouterConfig before = v3(100);
  const RouterConfig after = v3(200);
  const Step next = step(after, backup_of(before), ConfigChanged{before}, start + seconds{1});
  EXPECT_EQ(deadline(next.state), start + microseconds{3'218'750});
  EXPECT_TRUE(next.actions.empty());
  const RouterConfig slow = v3(100, seconds{10});
  const Step sooner = step(before, backup_of(slow), ConfigChanged{slow}, start + seconds{5});
  EXPECT_EQ(deadline(sooner.state), start + seconds{5} + microseconds{3'609'375})
      << "the Active router may still advertise every 10 s for a moment, not for 30 s";
  const Step active = step(after, active_of(before), ConfigChanged{before}, start);
  EXPECT_EQ(to(active), StateName::active);
  EXPECT_TRUE(active.actions.empty());
}

// An operator hands over: the addresses stay until another router has them.
TEST(Router, AHandoverResignsOnceAndHoldsTheAddresses) {
  const Step next = step(v3(), active_of(v3()), HandOver{}, start);
  EXPECT_EQ(to(next), StateName::active);
  EXPECT_EQ(next.actions, std::vector<Action>{SendAdvert{0}});
  // 255/256 s of skew of the least priority, and half an interval.
  EXPECT_EQ(deadline(next.state), start + microseconds{1'496'093} + std::chrono::nanoseconds{750});
}
TEST(Router, AHandoverEndsWhenTheOtherRouterHasHadTimeToAnnounce) {
  const RouterConfig config = v3(200, milliseconds{100});
  const Step offered = step(config, active_of(config), HandOver{}, start);
  const TimePoint heard = start + milliseconds{60};
  const Step taken = step(config, offered.state, advert(100, lesser, milliseconds{100}), heard);
  EXPECT_EQ(to(taken), StateName::active);
  EXPECT_EQ(taken.actions, std::vector<Action>{StopAnnouncing{}});
  EXPECT_EQ(deadline(taken.state), heard + milliseconds{100});
  const Step done = step(config, taken.state, DeadlineReached{}, heard + milliseconds{100});
  EXPECT_EQ(to(done), StateName::backup);
  EXPECT_TRUE(does<DropAddresses>(done));
  EXPECT_FALSE(does<SendAdvert>(done));
  EXPECT_EQ(reason(done), "handed over to 192.0.2.5");
}
TEST(Router, AHandoverThatNobodyTakesGoesOn) {
  const Step offered = step(v3(), active_of(v3()), HandOver{}, start);
  const Step next = step(v3(), offered.state, DeadlineReached{}, *deadline(offered.state));
  EXPECT_EQ(to(next), StateName::active);
  EXPECT_TRUE(sends(next, 100));
  EXPECT_FALSE(has_given_way(next.state));
  EXPECT_FALSE(does<Transitioned>(next));
}
TEST(Router, WhoGaveWayDoesNotPreemptAfterACrash) {
  Backup gave_way = backup_of(v3(100));
  gave_way.gave_way = true;
  Startup startup;
  startup.resume = gave_way;
  const Step late = step(v3(255), Initialize{}, startup, start + seconds{60});
  EXPECT_EQ(to(late), StateName::backup);
  EXPECT_TRUE(has_given_way(late.state));
  startup.faulty = true;
  EXPECT_TRUE(has_given_way(step(v3(255), Initialize{}, startup, start + seconds{60}).state));
}
TEST(Router, WhoGaveWayFollowsALowerPriorityUntilItIsTakenBack) {
  const RouterConfig config = v3(200);
  Backup gave_way = backup_of(config);
  gave_way.gave_way = true;
  const Step followed = step(config, gave_way, advert(50, lesser), start + seconds{1});
  EXPECT_GT(deadline(followed.state), deadline(gave_way));
  EXPECT_TRUE(has_given_way(followed.state));
  const Step faulty = step(config, followed.state, FaultRaised{}, start + seconds{1});
  const Step healthy = step(config, faulty.state, FaultCleared{}, start + seconds{2});
  EXPECT_TRUE(has_given_way(healthy.state)) << "a fault is no reason to preempt";
  const Step back = step(config, followed.state, TakeBack{}, start + seconds{1});
  const Step ignored = step(config, back.state, advert(50, lesser), start + seconds{2});
  EXPECT_EQ(deadline(ignored.state), deadline(back.state));
  const Step alone = step(config, followed.state, DeadlineReached{}, *deadline(followed.state));
  EXPECT_EQ(to(alone), StateName::active);
  EXPECT_FALSE(has_given_way(alone.state));
}

}  // namespace
}  // namespace holdfast::vrrp
