// The slow look: what it asks of the kernel, and that nothing stays as others changed it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ipvs/reconciler.h"
#include "tests/unit/ipvs/fake_kernel.h"

namespace holdfast::ipvs {
namespace {

const DestinationKey first{IpAddress::v4(0x0A000001), 80};
const DestinationKey second{IpAddress::v4(0x0A000002), 80};
const Service two_servers{{"wrr", 0, 0, 32}, {{first, {.weight = 1}}, {second, {.weight = 2}}}};

ServiceKey number(std::uint16_t port) { return {Protocol::tcp, IpAddress::v4(0xC000020A), port}; }

struct IpvsLook : testing::Test {
  FakeKernelState kernel;
  LogInMemory log;
  Reconciler reconciler{opens(kernel), log};
  Table wanted;

  void start(std::uint16_t services) {
    for (std::uint16_t port = 1; port <= services; ++port) want(number(port), two_servers);
    reconciler.look();
    ASSERT_EQ(kernel.table, wanted);
  }
  void want(const ServiceKey& key, const Service& service) {
    wanted[key] = service;
    reconciler.want(key, service);
  }
  [[nodiscard]] std::uint64_t drift() const { return reconciler.counters().drift; }
};

TEST_F(IpvsLook, AtATableInOrderReadsAndSendsNothing) {
  start(10);
  for (int tick = 0; tick < 5; ++tick) EXPECT_TRUE(reconciler.look());
  EXPECT_EQ(kernel.dumps, 1U) << "of the start";
  EXPECT_EQ(kernel.reads, 0U);
  EXPECT_EQ(kernel.looks, 50U);
  EXPECT_EQ(kernel.batches, 1U);
}

TEST_F(IpvsLook, SeesALargeTableInTwo) {
  start(1001);
  kernel.looks = 0;
  reconciler.look();
  EXPECT_EQ(kernel.looks, 501U);
  for (const bool told : {true, false}) {
    kernel.counts = told;
    for (std::uint16_t port = 1; port <= 1001; port = static_cast<std::uint16_t>(port + 100)) {
      kernel.table[number(port)].destinations[first].weight = 77;
      reconciler.look();
      reconciler.look();
      EXPECT_EQ(kernel.table, wanted) << port;
    }
  }
  EXPECT_EQ(drift(), 22U);
  EXPECT_EQ(kernel.reads, 22U) << "only what was changed";
  EXPECT_EQ(kernel.dumps, 1U);
}

TEST_F(IpvsLook, OneFindsWhatIsMissingOrTooMuchInAnyService) {
  start(1001);
  const auto meddlers = std::to_array<std::function<void()>>({
      [&] { kernel.table.clear(); },
      [&] { kernel.table.erase(number(999)); },
      [&] { kernel.table[number(998)].destinations.erase(first); },
      [&] { kernel.table[number(3)].destinations[{IpAddress::v4(1), 80}]; },
      [&] { kernel.table[number(2)].settings.scheduler = "rr"; },
  });
  for (const auto& meddle : meddlers) {
    meddle();
    reconciler.look();
    EXPECT_EQ(kernel.table, wanted);
  }
  EXPECT_EQ(drift(), 3003U + 3 + 1 + 1 + 1);
}

TEST_F(IpvsLook, KnowsServicesOfIpv6AndPersistentOnes) {
  const ServiceKey six{Protocol::tcp, *IpAddress::parse("2001:db8::1"), 80};
  const ServiceKey sip{Protocol::udp, IpAddress::v4(0xC000020A), 5060};
  want(six, {{"rr", 0, 0, 128}, {{{*IpAddress::parse("fd00::1"), 80}, {}}}});
  want(sip, {{"rr", service_flag::persistent, 60, 32, "sip"}, {{first, {}}}});
  start(3);
  reconciler.look();
  EXPECT_EQ(kernel.reads, 0U);
  kernel.table[six].destinations.clear();
  kernel.table[sip].settings.persistence_engine.clear();
  reconciler.look();
  EXPECT_EQ(kernel.table, wanted);
  EXPECT_EQ(drift(), 2U);
  EXPECT_EQ(kernel.reads, 2U);
}

TEST_F(IpvsLook, TriesAgainWhatWasRefused) {
  kernel.refuse = [](const Operation& operation) { return operation.service == number(2); };
  for (std::uint16_t port = 1; port <= 3; ++port) want(number(port), two_servers);
  for (int tick = 0; tick < 3; ++tick) reconciler.look();
  EXPECT_EQ(kernel.table.size(), 2U);
  EXPECT_EQ(log.count("ipvs_refused"), 3U) << "the service and its servers, once each";
  kernel.refuse = [](const Operation&) { return false; };
  reconciler.look();
  EXPECT_EQ(kernel.table, wanted);
  EXPECT_EQ(drift(), 0U) << "it is not another program's change";
}

TEST_F(IpvsLook, NamesAQuarrelOverALargeTableOnce) {
  start(1001);
  for (int round = 0; round < 5; ++round) {
    kernel.table[number(1)].destinations[first].weight = 77;
    reconciler.look();
    reconciler.look();
  }
  EXPECT_EQ(log.count("ipvs_repaired"), 1U);
  for (int tick = 0; tick < 3; ++tick) reconciler.look();
  kernel.table.erase(number(1));
  reconciler.look();
  EXPECT_EQ(log.count("ipvs_repaired"), 2U) << "it was in order meanwhile";
}

TEST_F(IpvsLook, LeavesAloneWhatIsNotOurs) {
  start(2);
  kernel.table[number(80)] = two_servers;
  reconciler.look();
  EXPECT_TRUE(kernel.table.contains(number(80)));
  EXPECT_EQ(kernel.reads, 0U);
  want(number(80), {{"rr", 0, 0, 32}, {{first, {}}}});
  reconciler.settle();
  EXPECT_EQ(kernel.table, wanted);
}

TEST_F(IpvsLook, ReadsAllAgainBehindAFailure) {
  start(3);
  kernel.dump_error = EPERM;
  for (int tick = 0; tick < 3; ++tick) EXPECT_FALSE(reconciler.look());
  EXPECT_EQ(log.count("ipvs_dump"), 1U);
  kernel.dump_error = 0;
  kernel.table.clear();
  for (int tick = 0; tick < 8; ++tick) reconciler.look();
  EXPECT_EQ(kernel.table, wanted);
}

}  // namespace
}  // namespace holdfast::ipvs
