// Sync daemons and time-outs: set when IPVS comes, kept against other programs, put back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ipvs/sync_daemon.h"
#include "ipvs/timeouts.h"
#include "tests/unit/ipvs/fake_kernel.h"

namespace holdfast::ipvs {
namespace {

using std::chrono::seconds;

/// A kernel that has IPVS or not.
struct IpvsSettings : testing::Test {
  KernelPort* port() { return kernel.present ? &fake : nullptr; }
  FakeKernelState kernel;
  FakeKernel fake{kernel};
  LogInMemory log;
};

struct IpvsSyncDaemon : IpvsSettings {
  static config::SyncDaemon on_eth0() {
    config::SyncDaemon setting;
    setting.interface = "eth0";
    return setting;
  }
  [[nodiscard]] bool runs(SyncRole role) const {
    const auto found = kernel.daemons.find(role);
    return found != kernel.daemons.end() && found->second.interface == "eth0" &&
           found->second.sync_id == 51;
  }
  SyncDaemon daemon{on_eth0(), 51, log, [this] { return port(); }};
};

TEST_F(IpvsSyncDaemon, FollowsTheRoleAndAsksNothingInBetween) {
  daemon.run({SyncRole::backup});
  EXPECT_TRUE(runs(SyncRole::backup));
  daemon.run({SyncRole::master});
  EXPECT_TRUE(runs(SyncRole::master));
  EXPECT_FALSE(kernel.daemons.contains(SyncRole::backup));
  const std::size_t changes = kernel.changes;
  daemon.run({SyncRole::master});
  EXPECT_TRUE(daemon.look());
  EXPECT_EQ(kernel.changes, changes);
  EXPECT_TRUE(log.events.empty());
}

TEST_F(IpvsSyncDaemon, StartsWhenIpvsComesLater) {
  kernel.present = false;
  daemon.run({SyncRole::backup});
  daemon.run({SyncRole::master});
  daemon.look();
  kernel.present = true;
  EXPECT_TRUE(kernel.daemons.empty());
  daemon.look();
  EXPECT_TRUE(runs(SyncRole::master));
  EXPECT_EQ(kernel.daemons.size(), 1U);
  EXPECT_EQ(daemon.drift(), 0U) << "nobody changed anything";
  EXPECT_TRUE(log.events.empty());
}

TEST_F(IpvsSyncDaemon, ComesBackWhenAnotherProgramStopsIt) {
  daemon.run({SyncRole::master});
  for (int quarrel = 0; quarrel < 3; ++quarrel) {
    kernel.daemons.clear();
    daemon.look();
    EXPECT_TRUE(runs(SyncRole::master));
  }
  EXPECT_EQ(daemon.drift(), 3U);
  EXPECT_EQ(log.count("sync_daemon_repaired"), 1U) << "once until a look finds it in order";
  daemon.look();
  kernel.daemons[SyncRole::master].sync_id = 9;
  kernel.daemons[SyncRole::backup] = {.interface = "eth9"};
  daemon.look();
  EXPECT_TRUE(runs(SyncRole::master));
  EXPECT_EQ(kernel.daemons.size(), 1U);
  EXPECT_EQ(daemon.drift(), 5U);
  EXPECT_EQ(log.count("sync_daemon_repaired"), 2U);
}

TEST_F(IpvsSyncDaemon, WhatTheKernelRefusesIsTriedAgainAndSaidOnce) {
  kernel.settings_error = ENODEV;
  daemon.run({SyncRole::master});
  EXPECT_FALSE(daemon.look());
  daemon.look();
  EXPECT_EQ(log.count("sync_daemon"), 1U);
  kernel.settings_error = 0;
  EXPECT_TRUE(daemon.look());
  EXPECT_TRUE(runs(SyncRole::master));
  EXPECT_EQ(daemon.drift(), 0U);
}

TEST_F(IpvsSyncDaemon, OneThatWasNotAskedForYetIsNotTouched) {
  kernel.daemons[SyncRole::backup] = {.interface = "eth9"};
  daemon.look();
  EXPECT_EQ(kernel.changes, 0U);
  daemon.run({});
  EXPECT_TRUE(kernel.daemons.empty()) << "it was left by an earlier life";
}

struct IpvsTimeouts : IpvsSettings {
  static config::IpvsTimeouts only_tcp(int value) { return {seconds{value}, {}, {}}; }
  KeptTimeouts kept{[this] { return port(); }, log};
};

TEST_F(IpvsTimeouts, AreSetWhileTheyAreWantedAndPutBack) {
  kept.want({});
  EXPECT_EQ(kernel.changes, 0U);
  kept.want(only_tcp(77));
  EXPECT_EQ(kernel.timeouts, (Timeouts{77, 120, 300}));
  EXPECT_EQ(kept.original(), (Timeouts{900, 120, 300}));
  kept.want({{}, {}, seconds{5}});
  EXPECT_EQ(kernel.timeouts, (Timeouts{900, 120, 5}));
  kept.want({});
  EXPECT_EQ(kernel.timeouts, (Timeouts{900, 120, 300}));
  EXPECT_EQ(kept.original(), std::nullopt);
  EXPECT_TRUE(log.events.empty());
}

TEST_F(IpvsTimeouts, AreSetWhenIpvsComesLater) {
  kernel.present = false;
  kept.want(only_tcp(77));
  kept.look();
  EXPECT_EQ(kept.original(), std::nullopt);
  kernel.present = true;
  kept.look();
  EXPECT_EQ(kernel.timeouts, (Timeouts{77, 120, 300}));
  EXPECT_EQ(kept.original(), (Timeouts{900, 120, 300}));
  EXPECT_EQ(kept.drift(), 0U);
}

TEST_F(IpvsTimeouts, ChangedByHandTheyArePutRightAndTheOthersAreLeft) {
  kept.want(only_tcp(77));
  kernel.timeouts = {900, 60, 10};
  kept.look();
  EXPECT_EQ(kernel.timeouts, (Timeouts{77, 60, 10}));
  kernel.timeouts.tcp = 900;
  kept.look();
  EXPECT_EQ(kept.drift(), 2U);
  EXPECT_EQ(log.count("lvs_timeouts_repaired"), 1U) << "once until a look finds them in order";
  const std::size_t changes = kernel.changes;
  kept.look();
  EXPECT_EQ(kernel.changes, changes);
  kept.want({});
  EXPECT_EQ(kernel.timeouts, (Timeouts{900, 60, 10})) << "what nobody configured stays as it is";
}

TEST_F(IpvsTimeouts, ASuccessorPutsBackWhatWasBeforeItsPredecessor) {
  kernel.timeouts = {77, 120, 5};
  kept.inherit({900, 120, 300});
  kept.want(only_tcp(77));
  EXPECT_EQ(kernel.timeouts, (Timeouts{77, 120, 300}));
  kept.want({});
  EXPECT_EQ(kernel.timeouts, (Timeouts{900, 120, 300}));
}

TEST_F(IpvsTimeouts, WhatTheKernelRefusesIsTriedAgainAndSaidOnce) {
  kernel.settings_error = EPERM;
  kept.want(only_tcp(77));
  kept.look();
  EXPECT_EQ(log.count("lvs_timeouts"), 1U);
  EXPECT_EQ(kept.original(), std::nullopt);
  kernel.settings_error = 0;
  kept.look();
  EXPECT_EQ(kernel.timeouts.tcp, 77U);
  EXPECT_EQ(kept.drift(), 0U);
}

}  // namespace
}  // namespace holdfast::ipvs
