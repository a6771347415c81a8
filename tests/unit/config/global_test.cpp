// global_defs: ranges and defaults as keepalived has them (keywords.tsv; 2.2.7 was asked with -d).
#include "daemon/config/global.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Outcome {
  GlobalDefs globals;
  std::vector<std::string> found;
};

Outcome read(std::string_view content) {
  const Parsed parsed{content};
  Diagnostics diagnostics;
  Reader reader{diagnostics};
  Outcome outcome;
  outcome.globals = read_globals(parsed.tree, reader);
  outcome.found = findings(diagnostics);
  return outcome;
}
Outcome in_block(std::string_view line) { return read(fmt::format("global_defs {{ {} }}", line)); }
GlobalDefs clean(std::string_view line) {
  const auto [globals, found] = in_block(line);
  EXPECT_THAT(found, IsEmpty()) << line;
  return globals;
}

TEST(GlobalDefs, HaveDefaultsWithoutABlock) { EXPECT_EQ(read("").globals, GlobalDefs{}); }

TEST(GlobalDefs, AreReadFromEveryBlockWhereverItStands) {
  const auto globals = read("global_defs { router_id a }\nx { }\nglobal_defs { vrrp_version 3 }\n");
  EXPECT_EQ(globals.globals.router_id, "a");
  EXPECT_EQ(globals.globals.vrrp_version, 3);
}

TEST(GlobalDefs, WithoutABraceAreReported) {
  EXPECT_THAT(read("global_defs\nrouter_id x\n").found,
              ElementsAre("1:1 warning 'global_defs' needs a block, and no '{' follows it"));
}

TEST(ScriptUserLine, HasAUserAndPerhapsAGroup) {
  EXPECT_EQ(clean("script_user nobody").script_user, (ScriptUser{"nobody", "", false}));
  EXPECT_EQ(clean("script_user a b").script_user, (ScriptUser{"a", "b", false}));
  EXPECT_EQ(clean("script_user a :b").script_user, (ScriptUser{"a", "b", true}));
  EXPECT_THAT(in_block("script_user").found,
              ElementsAre("1:26 error 'script_user' needs a user, and nothing follows it"));
}

TEST(LvsFlush, HasTwoSpellingsAndTwoExtents) {
  EXPECT_TRUE(clean("lvs_flush").lvs_flush);
  EXPECT_EQ(clean("lvs_flush_on_stop").lvs_flush_on_stop, FlushOnStop::everything);
  EXPECT_EQ(clean("lvs_flush_onstop VS").lvs_flush_on_stop, FlushOnStop::virtual_servers);
  const auto [globals, found] = in_block("lvs_flush_on_stop all");
  EXPECT_EQ(globals.lvs_flush_on_stop, FlushOnStop::nothing);
  EXPECT_EQ(found.size(), 1U);
}

TEST(LvsSyncDaemon, NamesInterfaceInstanceAndOptions) {
  const auto daemon =
      clean("lvs_sync_daemon eth0 VI_1 id 7 maxlen 1400 port 9999 ttl 3 group 224.0.0.99");
  SyncDaemon expected{"eth0", "VI_1", 7, 1400, 9999, 3, IpAddress::parse("224.0.0.99")};
  EXPECT_EQ(daemon.lvs_sync_daemon, expected);
}

TEST(LvsSyncDaemon, TakesTheInstanceWithOrWithoutItsKeyword) {
  EXPECT_EQ(clean("lvs_sync_daemon eth0 inst id").lvs_sync_daemon->instance, "id");
  EXPECT_EQ(clean("lvs_sync_daemon eth0 VI_1").lvs_sync_daemon->instance, "VI_1");
  EXPECT_EQ(clean("lvs_sync_daemon eth0 id 5").lvs_sync_daemon->instance, "");
}

TEST(LvsSyncDaemon, KeepsItsDefaultsForWhatIsOutOfRange) {
  const auto [globals, found] =
      in_block("lvs_sync_daemon eth0 VI_1 id 256 maxlen 65508 port 0 ttl 0 foo group 10.0.0.1");
  EXPECT_EQ(globals.lvs_sync_daemon, (SyncDaemon{"eth0", "VI_1", {}, 0, 0, 0, {}}));
  EXPECT_EQ(found.size(), 6U);
}

TEST(LvsSyncDaemon, NeedsAnInterfaceAndAValueForEveryOption) {
  EXPECT_EQ(in_block("lvs_sync_daemon").globals.lvs_sync_daemon, std::nullopt);
  EXPECT_THAT(in_block("lvs_sync_daemon eth0 VI_1 id").found,
              ElementsAre("1:43 error 'id' needs a whole number 0..255, and nothing follows it"));
}

TEST(GlobalNumbers, AreUsedWithJunkBehindThemAsInKeepalived) {
  EXPECT_EQ(in_block("vrrp_version 3x").globals.vrrp_version, 3);
  EXPECT_EQ(in_block("vrrp_garp_master_delay 3s").globals.vrrp_garp_master_delay, Duration{3s});
}

TEST(GlobalNumbers, KeepTheirDefaultsOutOfRange) {
  EXPECT_EQ(in_block("vrrp_version 4").globals.vrrp_version, 2);
  EXPECT_EQ(in_block("vrrp_down_timer_adverts 101").globals.vrrp_down_timer_adverts, 3U);
  EXPECT_EQ(in_block("vrrp_garp_lower_prio_delay 4295").globals.vrrp_garp_lower_prio_delay,
            std::nullopt);
}

TEST(GarpRepeat, OfZeroBecomesOne) {
  const auto [globals, found] = in_block("vrrp_garp_master_repeat 0");
  EXPECT_EQ(globals.vrrp_garp_master_repeat, 1U);
  EXPECT_THAT(found, ElementsAre("1:39 warning 'vrrp_garp_master_repeat' is 0; 1 is used"));
  EXPECT_EQ(clean("vrrp_garp_lower_prio_repeat 0").vrrp_garp_lower_prio_repeat, 0U);
}

TEST(MinGarp, ReplacesOnlyDefaults) {
  const GlobalDefs all = clean("vrrp_min_garp");
  EXPECT_EQ(all.vrrp_garp_master_repeat, 1U);
  EXPECT_EQ(all.vrrp_garp_master_delay, Duration{0});
  const auto some = read("global_defs {\n vrrp_min_garp\n vrrp_garp_master_repeat 3\n}\n").globals;
  EXPECT_EQ(some.vrrp_garp_master_repeat, 3U);
  EXPECT_EQ(clean("vrrp_min_garp off").vrrp_garp_master_repeat, 5U);
}

TEST(MulticastGroup, MustBeIpv4Multicast) {
  EXPECT_EQ(clean("vrrp_mcast_group4 224.0.0.100").vrrp_mcast_group4,
            IpAddress::parse("224.0.0.100"));
  for (const std::string_view bad : {"10.0.0.1", "ff02::12", "224.0.0.18x"}) {
    const auto [globals, found] = in_block(fmt::format("vrrp_mcast_group4 {}", bad));
    EXPECT_EQ(globals.vrrp_mcast_group4, IpAddress::parse("224.0.0.18")) << bad;
    EXPECT_EQ(found.size(), 1U) << bad;
  }
}

TEST(GlobalKeyword, NotBuiltYetSaysSo) {
  EXPECT_THAT(in_block("enable_traps").found,
              ElementsAre("1:15 error 'enable_traps' is not supported yet"));
}

TEST(OwnerOf, TellsWhoReadsATopLevelBlock) {
  EXPECT_EQ(owner_of("global_defs"), Owner::everybody);
  EXPECT_EQ(owner_of("vrrp_instance"), Owner::vrrp);
  EXPECT_EQ(owner_of("virtual_server"), Owner::checkers);
  EXPECT_EQ(owner_of("bfd_instance"), Owner::unsupported);
  EXPECT_EQ(owner_of("vrrp_instanse"), Owner::nobody);
}

TEST(TopLevel, SaysOfEveryKeywordWhetherItIsSupported) {
  for (const KeywordInfo& info : describe_top_level())
    EXPECT_EQ(info.supported, owner_of(info.keyword) != Owner::unsupported) << info.keyword;
}

}  // namespace
}  // namespace holdfast::config
