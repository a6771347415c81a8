#include "ipvs/reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/ipvs/fake_kernel.h"
#include "tests/unit/ipvs/generate.h"

namespace holdfast::ipvs {
namespace {

using Kind = Operation::Kind;
using testing::HasSubstr;

const ServiceKey web{Protocol::tcp, IpAddress::v4(0xC000020A), 80};
const ServiceKey mail{Protocol::tcp, IpAddress::v4(0xC000020A), 25};
const ServiceKey foreign{Protocol::udp, IpAddress::v4(0xC0000263), 53};
const DestinationKey first{IpAddress::v4(0x0A000001), 80};
const DestinationKey second{IpAddress::v4(0x0A000002), 80};
const Service two_servers{{"wrr", 0, 0, 32}, {{first, {.weight = 1}}, {second, {.weight = 2}}}};

struct IpvsReconciler : testing::Test {
  FakeKernelState kernel;
  LogInMemory log;
  Reconciler reconciler{opens(kernel), log};

  void start_with_web() {
    reconciler.want(web, two_servers);
    reconciler.resync();
  }
};

TEST_F(IpvsReconciler, WritesTheWantedTableAtStart) {
  start_with_web();
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}}));
  EXPECT_EQ(kernel.batches, 1U);
  EXPECT_EQ(reconciler.counters().operations, 3U);
  EXPECT_TRUE(log.events.empty());
}

TEST_F(IpvsReconciler, SendsNothingBesideACorrectTable) {
  kernel.table = {{web, two_servers}, {foreign, {}}};
  start_with_web();
  reconciler.reconcile();
  reconciler.resync();
  EXPECT_EQ(kernel.batches, 0U);
  EXPECT_TRUE(log.events.empty());
}

TEST_F(IpvsReconciler, ChangesOfOneTurnLeaveInOneBatch) {
  start_with_web();
  reconciler.want(web, {{"wrr", 0, 0, 32}, {{first, {.weight = 0}}}});
  reconciler.want(mail, two_servers);
  EXPECT_EQ(kernel.batches, 1U) << "nothing is sent before reconcile()";
  reconciler.reconcile();
  reconciler.reconcile();
  EXPECT_EQ(kernel.batches, 2U);
  EXPECT_EQ(kernel.table.at(web).destinations.at(first).weight, 0U);
  EXPECT_FALSE(kernel.table.at(web).destinations.contains(second));
  EXPECT_TRUE(kernel.table.contains(mail));
}

TEST_F(IpvsReconciler, WantingTheSameAgainSendsNothing) {
  start_with_web();
  reconciler.want(web, two_servers);
  reconciler.reconcile();
  EXPECT_EQ(kernel.batches, 1U);
}

TEST_F(IpvsReconciler, RepairsATableThatAnotherProgramEmptied) {
  start_with_web();
  kernel.table.clear();
  reconciler.resync();
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}}));
  EXPECT_EQ(reconciler.counters().drift, 3U);
  ASSERT_EQ(log.count("ipvs_repaired"), 1U);
  EXPECT_THAT(log.events.front().text, HasSubstr("add service [192.0.2.10]:tcp:80"));
}

TEST_F(IpvsReconciler, RepairsASingleChange) {
  start_with_web();
  kernel.table[web].destinations[first].weight = 77;
  kernel.table[web].destinations.erase(second);
  reconciler.resync();
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}}));
  EXPECT_EQ(reconciler.counters().drift, 2U);
}

TEST_F(IpvsReconciler, AProgramThatUndoesEveryRepairIsNamedOncePerSpell) {
  start_with_web();
  for (int second_of_quarrel = 0; second_of_quarrel < 5; ++second_of_quarrel) {
    kernel.table.clear();
    reconciler.resync();
  }
  EXPECT_EQ(log.count("ipvs_repaired"), 1U);
  EXPECT_EQ(reconciler.counters().drift, 15U);
  reconciler.resync();
  kernel.table.clear();
  reconciler.resync();
  EXPECT_EQ(log.count("ipvs_repaired"), 2U);
}

TEST_F(IpvsReconciler, OwnChangesAreNotCalledDrift) {
  start_with_web();
  reconciler.want(mail, two_servers);
  reconciler.resync();
  EXPECT_TRUE(kernel.table.contains(mail));
  EXPECT_EQ(reconciler.counters().drift, 0U);
  EXPECT_EQ(log.count("ipvs_repaired"), 0U);
}

TEST_F(IpvsReconciler, LeavesForeignServicesAlone) {
  kernel.table = {{foreign, two_servers}};
  start_with_web();
  kernel.table[foreign].destinations.erase(first);
  reconciler.resync();
  reconciler.clear();
  ASSERT_EQ(kernel.table.size(), 1U);
  EXPECT_EQ(kernel.table.at(foreign).destinations.size(), 1U);
  EXPECT_EQ(reconciler.counters().drift, 0U);
}

TEST_F(IpvsReconciler, AServiceThatIsNoLongerWantedGoes) {
  start_with_web();
  reconciler.unwant(web);
  reconciler.reconcile();
  EXPECT_TRUE(kernel.table.empty());
}

TEST_F(IpvsReconciler, AServiceThatSomebodyMakesAfterOursWentIsTheirs) {
  start_with_web();
  reconciler.unwant(web);
  reconciler.reconcile();
  kernel.table = {{web, two_servers}};
  reconciler.resync();
  reconciler.clear();
  EXPECT_TRUE(kernel.table.contains(web));
}

TEST_F(IpvsReconciler, ARemovalThatWasRefusedIsTriedAgain) {
  start_with_web();
  kernel.refuse = [](const Operation& operation) { return operation.kind == Kind::remove_service; };
  reconciler.unwant(web);
  reconciler.reconcile();
  EXPECT_TRUE(kernel.table.contains(web));
  kernel.refuse = [](const Operation&) { return false; };
  reconciler.resync();
  EXPECT_TRUE(kernel.table.empty());
}

TEST_F(IpvsReconciler, ARefusedRequestIsReportedOnceAndTheRestGoesOn) {
  kernel.refuse = [](const Operation& operation) {
    return operation.kind == Kind::add_destination && operation.destination == second;
  };
  start_with_web();
  for (int tick = 0; tick < 5; ++tick) reconciler.resync();
  EXPECT_EQ(kernel.table.at(web).destinations.size(), 1U);
  ASSERT_EQ(log.events.size(), 1U) << "and it is not called another program's change";
  EXPECT_EQ(log.events.front().text,
            "cannot add destination [10.0.0.2]:tcp:80 to [192.0.2.10]:tcp:80: Invalid argument");
  EXPECT_EQ(reconciler.counters().refused, 6U) << "it is counted every time";
  EXPECT_EQ(reconciler.counters().drift, 0U);
}

TEST_F(IpvsReconciler, ARefusalThatComesBackIsReportedAgain) {
  start_with_web();
  for (int round = 0; round < 2; ++round) {
    kernel.refuse = [](const Operation& operation) {
      return operation.kind == Kind::edit_destination;
    };
    reconciler.want(web, {{"wrr", 0, 0, 32}, {{first, {.weight = 9}}, {second, {.weight = 2}}}});
    reconciler.reconcile();
    EXPECT_EQ(log.count("ipvs_refused"), static_cast<std::size_t>(round) + 1);
    kernel.refuse = [](const Operation&) { return false; };
    reconciler.want(web, two_servers);
    reconciler.resync();
  }
}

TEST_F(IpvsReconciler, EditsOfATableThatWasEmptiedMeanwhileEndInTheWantedTable) {
  start_with_web();
  kernel.table.clear();
  const Service changed{{"wrr", 0, 0, 32}, {{first, {.weight = 9}}, {second, {.weight = 2}}}};
  reconciler.want(web, changed);
  reconciler.reconcile();
  EXPECT_EQ(kernel.table, (Table{{web, changed}}));
}

TEST_F(IpvsReconciler, SettlesByWhatItKnowsAndReadsOnceWhereItKnowsNothing) {
  reconciler.want(web, two_servers);
  reconciler.settle();
  EXPECT_EQ(kernel.dumps, 1U);
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}}));
  reconciler.want(web, two_servers);
  reconciler.want(mail, two_servers);
  reconciler.settle();
  EXPECT_EQ(kernel.dumps, 1U);
  EXPECT_EQ(kernel.operations, 6U);
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}, {mail, two_servers}}));
}

/// Whatever another program did since the last look: the kernel contradicts, or the change stands
/// and the look finds the rest.
TEST_F(IpvsReconciler, ChangesByAnOldMirrorAreNotLost) {
  const Service changed{{"wrr", 0, 0, 32}, {{first, {.weight = 9}}}};
  const auto emptied = [&] { kernel.table.clear(); };
  const auto half_emptied = [&] { kernel.table[web].destinations.clear(); };
  const auto made_before_us = [&] { kernel.table[mail] = {{"rr", 0, 0, 32}, {{second, {}}}}; };
  const auto unharmed = [] {};
  for (const std::function<void()>& meddle :
       {std::function<void()>{emptied}, std::function<void()>{half_emptied},
        std::function<void()>{made_before_us}, std::function<void()>{unharmed}}) {
    reconciler.want(web, two_servers);
    reconciler.unwant(mail);
    reconciler.resync();
    ASSERT_EQ(kernel.table, (Table{{web, two_servers}}));
    const std::size_t reads = kernel.reads;
    meddle();
    const bool is_contradicted = !(kernel.table == Table{{web, two_servers}});
    reconciler.want(web, changed);
    reconciler.want(mail, two_servers);
    reconciler.settle();
    EXPECT_EQ(kernel.table, (Table{{web, changed}, {mail, two_servers}}));
    EXPECT_EQ(kernel.reads - reads, is_contradicted ? 1U : 0U) << "of the service in question";
  }
}

TEST_F(IpvsReconciler, MarksThatBecomeOursLaterGo) {
  const ServiceKey left = ServiceKey::of_mark(500, Family::ipv4);
  kernel.table = {{left, two_servers}};
  start_with_web();
  EXPECT_TRUE(kernel.table.contains(left));
  reconciler.own_marks(400, 600);
  reconciler.settle();
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}}));
  EXPECT_EQ(kernel.dumps, 1U);
}

TEST_F(IpvsReconciler, SaysOnceThatThereIsNoIpvsAndWritesTheTableWhenThereIs) {
  kernel.present = false;
  reconciler.want(web, two_servers);
  EXPECT_FALSE(reconciler.resync());
  for (int tick = 0; tick < 100; ++tick) {
    reconciler.reconcile();
    reconciler.resync();
  }
  EXPECT_EQ(log.count("ipvs_absent"), 1U);
  EXPECT_LT(kernel.openings, 20U) << "the kernel runs modprobe for each attempt";
  kernel.present = true;
  for (int tick = 0; tick < 8; ++tick) reconciler.resync();
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}}));
  EXPECT_EQ(log.count("ipvs_present"), 1U);
}

TEST_F(IpvsReconciler, ADumpThatKeepsFailingIsReportedOnce) {
  start_with_web();
  kernel.dump_error = EPERM;
  for (int tick = 0; tick < 50; ++tick) EXPECT_FALSE(reconciler.resync());
  EXPECT_EQ(log.count("ipvs_dump"), 1U);
  kernel.dump_error = 0;
  kernel.table.clear();
  for (int tick = 0; tick < 8; ++tick) reconciler.resync();
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}}));
}

TEST_F(IpvsReconciler, ClearsAtStopAlthoughTheLastDumpFailed) {
  start_with_web();
  kernel.dump_error = ENOBUFS;
  for (int tick = 0; tick < 3; ++tick) reconciler.resync();
  kernel.dump_error = 0;
  reconciler.clear();
  EXPECT_TRUE(kernel.table.empty());
}

TEST_F(IpvsReconciler, FlushRemovesEverybodysServices) {
  kernel.table = {{foreign, two_servers}};
  reconciler.flush();
  EXPECT_TRUE(kernel.table.empty());
  start_with_web();
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}}));
}

TEST_F(IpvsReconciler, AnEmptiedTableNeedNotBeRead) {
  kernel.table = {{foreign, two_servers}};
  reconciler.flush();
  reconciler.want(web, two_servers);
  reconciler.settle();
  EXPECT_EQ(kernel.table, (Table{{web, two_servers}}));
  EXPECT_EQ(kernel.dumps, 0U);
}

/// Wishes, refusals and other programs at random: one quiet resync() later the table is right.
RC_GTEST_PROP(IpvsReconcilerProperty, EndsWithTheWantedTableWhateverHappened, ()) {
  FakeKernelState kernel;
  kernel.table = *any_table();
  const Table at_start = kernel.table;
  LogInMemory log;
  Reconciler reconciler{opens(kernel), log};
  Table wanted;
  const auto steps = *rc::gen::inRange(1, 20);
  for (int step = 0; step < steps; ++step) {
    const ServiceKey key = *any_service_key();
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
      case 1:
        wanted[key] = *any_service();
        reconciler.want(key, wanted[key]);
        break;
      case 2:
        wanted.erase(key);
        reconciler.unwant(key);
        break;
      case 3:
        kernel.table.clear();
        break;
      case 4:
        kernel.refuse = [key](const Operation& operation) { return operation.service == key; };
        reconciler.reconcile();
        break;
      case 5:
        if (const auto service = kernel.table.find(key); service != kernel.table.end())
          service->second = *any_service();
        break;
      case 6:
        reconciler.look();
        break;
      default:
        reconciler.resync();
    }
  }
  kernel.refuse = [](const Operation&) { return false; };
  *rc::gen::arbitrary<bool>() ? reconciler.look() : reconciler.resync();
  for (const auto& [key, service] : wanted) {
    RC_ASSERT(kernel.table.contains(key));
    RC_ASSERT(difference({{key, service}}, {{key, kernel.table.at(key)}}, {}).empty());
  }
  for (const auto& [key, service] : kernel.table)
    RC_ASSERT(wanted.contains(key) || at_start.contains(key));
  const std::size_t batches = kernel.batches;
  reconciler.look();
  reconciler.resync();
  RC_ASSERT(kernel.batches == batches);
}

}  // namespace
}  // namespace holdfast::ipvs
