// The IPVS adapter and reconciler against a real kernel. Runs inside user-mode-linux (see
// ipvs_kernel_test.py), where the whole table is the test's own: never run it on a host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "ipvs/kernel.h"
#include "ipvs/reconciler.h"
#include "ipvs/sync_daemon.h"
#include "ipvs/timeouts.h"
#include "tests/unit/ipvs/fake_kernel.h"
#include "tests/unit/ipvs/generate.h"

namespace holdfast::ipvs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Kind = Operation::Kind;

constexpr std::array schedulers{"rr", "wrr", "lc",  "wlc", "lblc", "lblcr", "sh",
                                "dh", "mh",  "sed", "nq",  "fo",   "ovf"};
const ServiceKey web{Protocol::tcp, IpAddress::v4(0xC000020A), 80};
const ServiceKey foreign{Protocol::udp, IpAddress::v4(0xC0000263), 53};
const IpAddress fd00_1 = *IpAddress::parse("fd00::1");

/// Runs a shell command. @return what it printed
std::string run(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  EXPECT_EQ(::pclose(pipe), 0) << command << ": " << output;
  return output;
}

double milliseconds(const std::function<void()>& action) {
  const auto begun = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
      .count();
}

DestinationKey server(std::uint32_t number) { return {IpAddress::v4(0x0A000000U + number), 80}; }

Service servers(std::uint32_t count, std::uint32_t weight = 1) {
  Service service{{"wrr", 0, 0, 32}, {}};
  for (std::uint32_t i = 1; i <= count; ++i) service.destinations[server(i)].weight = weight;
  return service;
}

/// Counts what a reconciler really sends.
class CountingPort : public KernelPort {
 public:
  CountingPort(std::unique_ptr<Kernel> kernel, std::size_t& sent)
      : kernel_{std::move(kernel)}, sent_{sent} {}
  Result<Table> dump() override { return kernel_->dump(); }
  Result<Outlines> outlines(bool whole) override { return kernel_->outlines(whole); }
  Result<bool> has_destinations(const ServiceKey& key, const Service& service) override {
    return kernel_->has_destinations(key, service);
  }
  Result<std::optional<Service>> read(const ServiceKey& key) override { return kernel_->read(key); }
  std::vector<Refused> apply(std::span<const Operation> operations) override {
    sent_ += operations.size();
    return kernel_->apply(operations);
  }
  Result<void> flush() override { return kernel_->flush(); }
  Result<std::map<SyncRole, SyncSettings>> sync_daemons() override {
    return kernel_->sync_daemons();
  }
  Result<void> start_sync(SyncRole role, const SyncSettings& settings) override {
    return kernel_->start_sync(role, settings);
  }
  Result<void> stop_sync(SyncRole role) override { return kernel_->stop_sync(role); }
  Result<Timeouts> timeouts() override { return kernel_->timeouts(); }
  Result<void> set_timeouts(const Timeouts& timeouts) override {
    return kernel_->set_timeouts(timeouts);
  }

 private:
  std::unique_ptr<Kernel> kernel_;
  std::size_t& sent_;
};

struct IpvsKernel : testing::Test {
  std::unique_ptr<Kernel> kernel = std::move(Kernel::open().value());
  std::size_t sent = 0;
  LogInMemory log;
  Reconciler reconciler{[this]() -> Result<std::unique_ptr<KernelPort>> {
                          return std::make_unique<CountingPort>(std::move(Kernel::open().value()),
                                                                sent);
                        },
                        log};

  void SetUp() override { ASSERT_TRUE(kernel->flush()); }
  void TearDown() override { ASSERT_TRUE(kernel->flush()); }

  /// Makes the kernel's table equal to `wanted`, and proves by a dump that it is.
  void write_and_read_back(const Table& wanted) {
    for (const Refused& refused :
         kernel->apply(difference(wanted, kernel->dump().value(), std::set{web})))
      ADD_FAILURE() << refused.error.what;
    for (const Operation& operation : difference(wanted, kernel->dump().value(), {}))
      ADD_FAILURE() << "still to do: " << to_string(operation);
  }
};

TEST_F(IpvsKernel, KeepsEverySchedulerWithEveryFlag) {
  Table wanted;
  std::uint16_t port = 1000;
  for (const char* scheduler : schedulers)
    for (const std::uint32_t flags :
         {0U, service_flag::scheduler_1, service_flag::scheduler_2, service_flag::scheduler_3,
          service_flag::scheduler_1 | service_flag::scheduler_2, service_flag::one_packet})
      wanted[{Protocol::udp, web.address, port++}].settings = {scheduler, flags, 0, 32};
  write_and_read_back(wanted);
  EXPECT_EQ(kernel->dump().value().size(), wanted.size());
  for (auto& [key, service] : wanted) service.settings = {"wlc", service_flag::persistent, 60, 24};
  write_and_read_back(wanted);
}

TEST_F(IpvsKernel, KeepsEveryForwardingMethodWeightAndThresholdOfBothFamilies) {
  Table wanted;
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp})
    for (const IpAddress& address : {web.address, fd00_1}) {
      Service& service = wanted[{protocol, address, 80}];
      service.settings = {"wlc", 0, 0, 128};
      std::uint32_t number = 2;
      for (const Forwarding forwarding :
           {Forwarding::masquerade, Forwarding::tunnel, Forwarding::direct_route})
        for (const std::uint32_t weight : {0U, 1U, 65535U}) {
          const IpAddress at = address.is_v4() ? IpAddress::v4(0x0A000000U + number)
                                               : *IpAddress::parse(fmt::format("fd00::{}", number));
          service.destinations[{at, 80}] = {forwarding, weight, 100 * number, number};
          ++number;
        }
    }
  write_and_read_back(wanted);
  for (auto& [key, service] : wanted)
    for (auto& [destination, settings] : service.destinations)
      settings = {Forwarding::direct_route, settings.weight + 1, 0, 0};
  write_and_read_back(wanted);
}

TEST_F(IpvsKernel, KeepsPersistenceAndItsGranularity) {
  constexpr std::uint32_t month = 2678400;
  write_and_read_back(
      {{web, {{"rr", service_flag::persistent, 360, 24}, {}}},
       {{Protocol::tcp, web.address, 0}, {{"rr", service_flag::persistent, month, 32}, {}}},
       {{Protocol::tcp, fd00_1, 80}, {{"rr", service_flag::persistent, 1, 64}, {}}},
       {{Protocol::tcp, fd00_1, 81}, {{"rr", service_flag::persistent, 1, 128}, {}}}});
}

TEST_F(IpvsKernel, KeepsFirewallMarksOfBothFamilies) {
  const Service four{{"wrr", service_flag::persistent, 60, 24}, {{server(1), {}}}};
  const Service six{{"rr", 0, 0, 128}, {{{fd00_1, 0}, {Forwarding::direct_route}}}};
  write_and_read_back({{ServiceKey::of_mark(7, Family::ipv4), four},
                       {ServiceKey::of_mark(7, Family::ipv6), six},
                       {ServiceKey::of_mark(0xFFFFFFFF, Family::ipv4), four}});
  write_and_read_back({{ServiceKey::of_mark(7, Family::ipv6), six}});
}

TEST_F(IpvsKernel, KeepsEveryKindOfTunnelAndChangesIt) {
  Table wanted{{web, servers(7)}};
  std::vector<Tunnel> tunnels{{}, {TunnelType::gre, {}, TunnelChecksum::off}};
  tunnels.push_back({TunnelType::gre, {}, TunnelChecksum::on});
  for (const auto checksum : {TunnelChecksum::off, TunnelChecksum::on, TunnelChecksum::remote})
    tunnels.push_back({TunnelType::gue, 5555, checksum});
  for (int turn = 0; turn < 2; ++turn) {
    std::uint32_t number = 1;
    for (const Tunnel& tunnel : tunnels)
      wanted[web].destinations[server(number++)] = {Forwarding::tunnel, 1, 0, 0, tunnel};
    write_and_read_back(wanted);
    std::ranges::reverse(tunnels);
  }
}

TEST_F(IpvsKernel, SetsAPersistenceEngineAndTakesItAway) {
  const ServiceKey phone{Protocol::udp, web.address, 5060};
  constexpr std::uint32_t flags = service_flag::persistent | service_flag::one_packet;
  Table wanted{{web, {}}, {phone, {{"rr", flags, 60, 32, "sip"}, {}}}};
  write_and_read_back(wanted);
  EXPECT_THAT(run("ipvsadm -Sn"), HasSubstr("--pe sip"));
  wanted[phone].settings.persistence_engine.clear();
  write_and_read_back(wanted);
  EXPECT_THAT(run("ipvsadm -Sn"), Not(HasSubstr("--pe sip")));
}

TEST_F(IpvsKernel, ReadsWhatIpvsadmWroteAsEqual) {
  run("ipvsadm -A -t 192.0.2.10:80 -s sh -b sh-fallback,sh-port -p 300 -M 255.255.255.0");
  run("ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.1:8080 -m -w 3 -x 20 -y 10");
  run("ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.2 -g -w 0");
  run("ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.3 -i -w 1");
  const std::uint32_t flags =
      service_flag::persistent | service_flag::scheduler_1 | service_flag::scheduler_2;
  reconciler.want(web, {{"sh", flags, 300, 24},
                        {{{server(1).address, 8080}, {Forwarding::masquerade, 3, 20, 10}},
                         {server(2), {Forwarding::direct_route, 0, 0, 0}},
                         {server(3), {Forwarding::tunnel, 1, 0, 0}}}});
  EXPECT_TRUE(reconciler.resync());
  EXPECT_TRUE(reconciler.resync());
  EXPECT_EQ(sent, 0U) << run("ipvsadm -Sn");
}

TEST_F(IpvsKernel, RepairsATableEmptiedByIpvsadm) {
  reconciler.want(web, servers(100));
  reconciler.resync();
  const std::string before = run("ipvsadm -Sn | sort");
  run("ipvsadm -C");
  reconciler.resync();
  EXPECT_EQ(run("ipvsadm -Sn | sort"), before);
  EXPECT_EQ(log.count("ipvs_repaired"), 1U);
}

TEST_F(IpvsKernel, RepairsASingleChangeAndSendsNothingElse) {
  reconciler.want(web, servers(10));
  reconciler.resync();
  sent = 0;
  run("ipvsadm -e -t 192.0.2.10:80 -r 10.0.0.3:80 -m -w 50");
  reconciler.resync();
  EXPECT_EQ(sent, 1U);
  EXPECT_THAT(run("ipvsadm -Sn"), Not(HasSubstr("-w 50")));
}

TEST_F(IpvsKernel, LeavesForeignServicesAndFirewallMarksAlone) {
  run("ipvsadm -A -u 192.0.2.99:53 -s rr");
  run("ipvsadm -a -u 192.0.2.99:53 -r 10.0.0.9:53 -m");
  run("ipvsadm -A -f 7 -s wrr");
  run("ipvsadm -a -f 7 -r 10.0.0.9:0 -g");
  run("ipvsadm -A -f 8 -6 -s wrr");
  const std::string before = run("ipvsadm -Sn | sort");
  reconciler.want(web, servers(2));
  reconciler.resync();
  reconciler.resync();
  reconciler.clear();
  EXPECT_EQ(run("ipvsadm -Sn | sort"), before);
}

TEST_F(IpvsKernel, NamesARefusedRequestAndDoesTheOthers) {
  Table wanted{{web, servers(2)}, {foreign, {{"nosuch", 0, 0, 32}, {}}}};
  wanted[web].destinations[server(3)] = {Forwarding::masquerade, 1, 5, 10};
  const auto refused = kernel->apply(difference(wanted, {}, {}));
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_THAT(refused[0].error.what,
              HasSubstr("cannot add destination [10.0.0.3]:tcp:80 to [192.0.2.10]:tcp:80: "));
  EXPECT_THAT(refused[1].error.what, HasSubstr("cannot add service [192.0.2.99]:udp:53: "));
  EXPECT_EQ(kernel->dump().value().at(web).destinations.size(), 2U);
}

TEST_F(IpvsKernel, ThousandsOfRefusalsDoNotHoldUpTheLoop) {
  const auto begun = std::chrono::steady_clock::now();
  const auto refused =
      kernel->apply(difference({{web, servers(3000, 2)}}, {{web, servers(3000, 1)}}, {}));
  EXPECT_EQ(refused.size(), 3000U);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{2});
}

TEST_F(IpvsKernel, EditsOfATableThatWasEmptiedEndInTheWantedTable) {
  reconciler.want(web, servers(2000, 1));
  reconciler.resync();
  run("ipvsadm -C");
  reconciler.want(web, servers(2000, 2));
  reconciler.reconcile();
  EXPECT_TRUE(difference({{web, servers(2000, 2)}}, kernel->dump().value(), {}).empty());
}

TEST_F(IpvsKernel, OneBatchOfTwoThousandDestinationsIsFasterThanOneByOne) {
  const auto operations = difference({{web, servers(2000)}}, {}, {});
  const double one_by_one = milliseconds([&] {
    for (const Operation& operation : operations)
      EXPECT_TRUE(kernel->apply({&operation, 1}).empty());
  });
  ASSERT_TRUE(kernel->flush());
  const double batched = milliseconds([&] { EXPECT_TRUE(kernel->apply(operations).empty()); });
  std::size_t found = 0;
  const double dumped =
      milliseconds([&] { found = kernel->dump().value().at(web).destinations.size(); });
  EXPECT_EQ(found, 2000U);
  fmt::print("FIGURE 2,000 destinations: one by one {:.1f} ms, batched {:.1f} ms, dump {:.1f} ms\n",
             one_by_one, batched, dumped);
  EXPECT_LT(batched, one_by_one);
}

/// Both interfaces of the kernel say the same, of any table.
RC_GTEST_FIXTURE_PROP(IpvsKernel, OutlinesAndLooksAgreeWithWhatIsRead, ()) {
  SetUp();
  const Table wanted = *any_table();
  (void)kernel->apply(difference(wanted, {}, {}));
  const Table table = kernel->dump().value();
  std::set<ServiceKey> keys;
  for (const auto& [key, service] : table) keys.insert(key);
  const auto other = *any_service();
  for (const bool whole : {true, false}) {
    const auto outlines = kernel->outlines(whole).value();
    for (const ServiceKey& key : changed(outlines, table, keys))
      RC_ASSERT(!whole && (!key.address.is_v4() ||
                           (table.at(key).settings.flags & service_flag::persistent) != 0));
  }
  for (const auto& [key, service] : table) {
    RC_ASSERT(kernel->has_destinations(key, service).value());
    RC_ASSERT(kernel->has_destinations(key, other).value() ==
              (service.destinations == other.destinations));
    const auto read = kernel->read(key).value();
    RC_ASSERT(read && *read == service);
  }
}

TEST_F(IpvsKernel, WhatIsNotThereIsNoError) {
  EXPECT_FALSE(kernel->read(web).value());
  EXPECT_TRUE(kernel->has_destinations(web, {}).value());
  EXPECT_FALSE(kernel->has_destinations(web, servers(1)).value());
  EXPECT_TRUE(kernel->outlines(false).value().empty());
  const ServiceKey six{Protocol::tcp, fd00_1, 80};
  EXPECT_FALSE(kernel->read(six).value());
  EXPECT_FALSE(kernel->has_destinations(six, servers(1)).value());
}

TEST_F(IpvsKernel, ALookRepairsWhatIpvsadmDid) {
  const ServiceKey six{Protocol::tcp, fd00_1, 80};
  const ServiceKey mark = ServiceKey::of_mark(7, Family::ipv4);
  reconciler.want(web, servers(3));
  reconciler.want(mark, {{"wrr", 0, 0, 32}, {{{server(1).address, 0}, {}}}});
  for (const bool with_ipv6 : {false, true}) {
    if (with_ipv6) reconciler.want(six, {{"rr", 0, 0, 128}, {{{fd00_1, 8080}, {}}}});
    reconciler.settle();
    const std::string before = run("ipvsadm -Sn | sort");
    for (const char* meddling :
         {"-C", "-e -t 192.0.2.10:80 -r 10.0.0.3:80 -m -w 50",
          "-e -t 192.0.2.10:80 -r 10.0.0.2:80 -g",
          "-e -t 192.0.2.10:80 -r 10.0.0.2:80 -m -x 9 -y 5", "-d -t 192.0.2.10:80 -r 10.0.0.1:80",
          "-a -t 192.0.2.10:80 -r 10.0.0.4:80 -m", "-E -f 7 -s rr -p 60",
          "-E -t 192.0.2.10:80 -s wlc", "-D -f 7"}) {
      run(std::string{"ipvsadm "} + meddling);
      EXPECT_TRUE(reconciler.look());
      EXPECT_EQ(run("ipvsadm -Sn | sort"), before) << meddling;
    }
    sent = 0;
    reconciler.look();
    EXPECT_EQ(sent, 0U);
  }
}

TEST_F(IpvsKernel, LooksAtFiveHundredServicesInAFractionOfASecond) {
  for (std::uint16_t port = 1; port <= 500; ++port)
    reconciler.want({Protocol::tcp, web.address, port}, servers(16));
  reconciler.resync();
  const double read = milliseconds([&] { reconciler.resync(); });
  const double looked = milliseconds([&] {
    reconciler.look();
    reconciler.look();
  });
  fmt::print("FIGURE 500 services of 16 destinations: read in {:.1f} ms, seen in {:.1f} ms\n", read,
             looked);
  EXPECT_LT(looked, 500);
}

TEST_F(IpvsKernel, TimeoutsAreSetWhileTheyAreWantedAndPutBack) {
  using std::chrono::seconds;
  const auto now = [&] { return kernel->timeouts().value(); };
  const Timeouts before = now();
  ASSERT_NE(before, Timeouts{}) << "the kernel has some";
  KeptTimeouts kept{[this] { return kernel.get(); }, log};
  kept.want({seconds{77}, {}, {}});
  EXPECT_EQ(kept.original(), before);
  EXPECT_EQ(now(), (Timeouts{77, before.tcp_fin, before.udp}));
  EXPECT_THAT(run("ipvsadm -Ln --timeout"), HasSubstr("tcp tcpfin udp): 77 "));
  kept.want({{}, {}, seconds{5}});
  EXPECT_EQ(now(), (Timeouts{before.tcp, before.tcp_fin, 5}));
  EXPECT_TRUE(log.events.empty());
  run("ipvsadm --set 0 0 6");
  kept.look();
  EXPECT_EQ(now(), (Timeouts{before.tcp, before.tcp_fin, 5}));
  EXPECT_EQ(log.count("lvs_timeouts_repaired"), 1U);
  kept.want({});
  EXPECT_EQ(kept.original(), std::nullopt);
  EXPECT_EQ(now(), before);
}

struct IpvsSync : IpvsKernel {
  void SetUp() override {
    run("ip link add sync0 type dummy; ip link set sync0 up multicast on; "
        "ip address replace 198.51.100.1/24 dev sync0");
  }
  void TearDown() override {
    EXPECT_TRUE(kernel->stop_sync(SyncRole::master));
    EXPECT_TRUE(kernel->stop_sync(SyncRole::backup));
    run("ip link delete sync0");
  }
  config::SyncDaemon setting = [] {
    config::SyncDaemon on_sync0;
    on_sync0.interface = "sync0";
    return on_sync0;
  }();
  SyncDaemon made() {
    return {setting, 51, log, [this] { return kernel.get(); }};
  }
  static std::string daemons() { return run("ipvsadm -Ln --daemon"); }
};

TEST_F(IpvsSync, RunsEitherRoleWithItsAttributes) {
  SyncSettings settings{"sync0", 51, 1400, 8849, 3, IpAddress::parse("224.0.1.81")};
  ASSERT_TRUE(kernel->start_sync(SyncRole::master, settings));
  EXPECT_THAT(daemons(),
              AllOf(HasSubstr("master sync daemon"), HasSubstr("mcast=sync0"),
                    HasSubstr("syncid=51"), HasSubstr("maxlen=1400"), HasSubstr("group=224.0.1.81"),
                    HasSubstr("port=8849"), HasSubstr("ttl=3")));
  ASSERT_TRUE(kernel->start_sync(SyncRole::backup, settings));
  EXPECT_THAT(daemons(), HasSubstr("backup sync daemon"));
  ASSERT_TRUE(kernel->stop_sync(SyncRole::master));
  EXPECT_THAT(daemons(), Not(HasSubstr("master")));
}

TEST_F(IpvsSync, StartingAndStoppingTwiceIsSuccess) {
  const SyncSettings settings{.interface = "sync0"};
  const auto error_of = [](const Result<void>& result) {
    return result ? std::string{} : result.error().what;
  };
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(error_of(kernel->start_sync(SyncRole::backup, settings)), "");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(error_of(kernel->stop_sync(SyncRole::backup)), "");
  EXPECT_EQ(daemons(), "");
}

TEST_F(IpvsSync, AChangeOfRoleTakesLessThanAnAdvertisementInterval) {
  SyncDaemon daemon = made();
  daemon.run({SyncRole::backup});
  double longest = 0;
  for (const SyncRole role : {SyncRole::master, SyncRole::backup, SyncRole::master}) {
    ::usleep(300000);
    longest = std::max(longest, milliseconds([&] { daemon.run({role}); }));
  }
  fmt::print("FIGURE change of the sync daemon's role: {:.1f} ms at most\n", longest);
  EXPECT_LT(longest, 100);
  EXPECT_TRUE(log.events.empty());
}

TEST_F(IpvsSync, ADaemonOfAnEarlierLifeGoesOnWhenItIsAsWanted) {
  made().run({SyncRole::master});
  const std::string threads = run("ps -e | grep ipvs-m");
  made().run({SyncRole::master});
  EXPECT_EQ(run("ps -e | grep ipvs-m"), threads) << "same process number";
}

TEST_F(IpvsSync, ADaemonOfAnEarlierLifeWithOtherSettingsIsReplaced) {
  run("ipvsadm --start-daemon master --mcast-interface sync0 --syncid 9");
  run("ipvsadm --start-daemon backup --mcast-interface sync0 --syncid 9");
  made().run({SyncRole::master});
  EXPECT_THAT(daemons(), AllOf(HasSubstr("syncid=51"), Not(HasSubstr("backup"))));
  setting.ttl = 7;
  made().run({SyncRole::master});
  EXPECT_THAT(daemons(), HasSubstr("ttl=7"));
  EXPECT_TRUE(log.events.empty());
}

TEST_F(IpvsSync, ADaemonThatSomebodyStopsOrStartsIsPutRight) {
  SyncDaemon daemon = made();
  daemon.run({SyncRole::master});
  run("ipvsadm --stop-daemon master");
  run("ipvsadm --start-daemon backup --mcast-interface sync0 --syncid 9");
  EXPECT_TRUE(daemon.look());
  EXPECT_THAT(daemons(), AllOf(HasSubstr("master sync daemon"), HasSubstr("syncid=51"),
                               Not(HasSubstr("backup"))));
  EXPECT_EQ(daemon.drift(), 2U);
  EXPECT_EQ(log.count("sync_daemon_repaired"), 1U);
  EXPECT_TRUE(daemon.look());
  EXPECT_EQ(daemon.drift(), 2U);
}

TEST_F(IpvsSync, AnUnknownInterfaceIsNamed) {
  const auto started = kernel->start_sync(SyncRole::master, {.interface = "nosuch0"});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().what,
              HasSubstr("cannot start the IPVS sync daemon (master) on nosuch0: "));
}

/// As the kernel accepts it: destinations of the service's family, thresholds in order.
Table acceptable(Table table) {
  for (auto& [key, service] : table) {
    std::erase_if(service.destinations, [&family = key](const auto& entry) {
      return entry.first.address.family() != family.address.family();
    });
    for (auto& [destination, settings] : service.destinations)
      settings.lower_threshold = std::min(settings.lower_threshold, settings.upper_threshold);
  }
  return table;
}

RC_GTEST_PROP(IpvsKernelProperty, AnyTableBecomesAnyOtherInOneBatch, ()) {
  static const auto kernel = std::move(Kernel::open().value());
  const Table before = kernel->dump().value();
  std::set<ServiceKey> ours;
  for (const auto& [key, service] : before) ours.insert(key);
  const Table wanted = acceptable(*any_table());
  const auto operations = difference(wanted, before, ours);
  Table mirror = before;
  for (const Operation& operation : operations) apply(mirror, operation);
  const auto refused = kernel->apply(operations);
  RC_ASSERT(refused.empty());
  const Table after = kernel->dump().value();
  RC_ASSERT(after.size() == wanted.size());
  RC_ASSERT(difference(wanted, after, ours).empty());
  RC_ASSERT(difference(mirror, after, ours).empty());
}

}  // namespace
}  // namespace holdfast::ipvs
