// The keywords of global_defs that nothing acts on yet: values are read and checked all the same,
// and the last finding of a line is "not supported yet".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "daemon/config/global.h"
#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Outcome {
  GlobalDefs globals;
  std::vector<std::string> found;  ///< without "not supported yet"
};

Outcome read(std::string_view lines) {
  const Parsed parsed{fmt::format("global_defs {{\n{}\n}}\n", lines)};
  Diagnostics diagnostics;
  Reader reader{diagnostics};
  Outcome outcome;
  outcome.globals = read_globals(parsed.tree, reader);
  outcome.found = findings(diagnostics);
  std::erase_if(outcome.found, [](const std::string& finding) {
    return finding.ends_with("is not supported yet");
  });
  return outcome;
}
GlobalDefs clean(std::string_view lines) {
  const auto [globals, found] = read(lines);
  EXPECT_THAT(found, IsEmpty()) << lines;
  return globals;
}

TEST(GlobalRow, StandsInOneTableOnly) {
  std::set<std::string_view> seen;
  for (const Row<GlobalDefs>& row : global_schema()) {
    EXPECT_TRUE(seen.insert(row.keyword).second) << row.keyword;
    EXPECT_NE(row.read, nullptr) << row.keyword;
    EXPECT_FALSE(row.meaning.empty()) << row.keyword;
    EXPECT_FALSE(row.source.empty()) << row.keyword;
  }
}

TEST(ProcessDefs, AreReadForEachProcess) {
  const auto globals = clean(
      "vrrp_priority -20\nchecker_rt_priority 99\nbfd_no_swap\nvrrp_cpu_affinity 0 3\n"
      "checker_rlimit_rttime 5000\nchecker_process_name lvs\nprocess_name fifteen-letters");
  EXPECT_EQ(globals.vrrp_process.nice, -20);
  EXPECT_EQ(globals.checker_process.rt_priority, 99);
  EXPECT_TRUE(globals.bfd_process.no_swap);
  EXPECT_THAT(globals.vrrp_process.cpu_affinity, ElementsAre(0, 3));
  EXPECT_EQ(globals.checker_process.rlimit_rttime, Duration{5ms});
  EXPECT_EQ(globals.checker_process.name, "lvs");
  EXPECT_EQ(globals.parent_process.name, "fifteen-letters");
}
TEST(ProcessDefs, HaveOldSpellings) {
  const auto globals = clean("lvs_process_name lvs\nvrrp_rlimit_rtime 20000");
  EXPECT_EQ(globals.checker_process.name, "lvs");
  EXPECT_EQ(globals.vrrp_process.rlimit_rttime, Duration{20ms});
}
TEST(ProcessDefs, KeepTheirDefaultsOutOfRange) {
  const auto [globals, found] = read(
      "vrrp_priority 20\nbfd_rt_priority 0\nprocess_name sixteen-letters-\n"
      "checker_cpu_affinity 1 1024\nvrrp_rlimit_rttime 1");
  EXPECT_EQ(globals.vrrp_process.nice, 0);
  EXPECT_EQ(globals.bfd_process.rt_priority, std::nullopt);
  EXPECT_EQ(globals.vrrp_process.rlimit_rttime, Duration{2us});
  EXPECT_THAT(found,
              ElementsAre("2:15 warning 'vrrp_priority' is 20, outside -20..19; the default stays",
                          "3:17 warning 'bfd_rt_priority' is 0, outside 1..99; the default stays",
                          HasSubstr("4:14 warning 'process_name' needs a name of 1..15"),
                          HasSubstr("5:24 warning 'checker_cpu_affinity' is 1024"),
                          "6:20 warning 'vrrp_rlimit_rttime' is 1; 2 is used"));
}

TEST(AutoPriority, OfTheBareKeywordIsTheHighest) {
  EXPECT_EQ(clean("max_auto_priority").common.max_auto_priority, 99);
  EXPECT_EQ(clean("max_auto_priority -1").common.max_auto_priority, -1);
  EXPECT_EQ(clean("min_auto_priority_delay 2000").common.min_auto_priority_delay, Duration{2ms});
}

TEST(SupervisorScripts, HaveAPlaceAndATimeout) {
  const auto globals = clean("startup_script \"/bin/a b\" user group\nshutdown_script_timeout 3");
  EXPECT_EQ(globals.common.startup.script, (Place{1, 1}));
  EXPECT_EQ(globals.common.shutdown.timeout, Duration{3s});
  EXPECT_THAT(read("startup_script_timeout 1001\nstartup_script /a\nstartup_script /b").found,
              ElementsAre(HasSubstr("outside 1..1000 s"), HasSubstr("the first one stays")));
}

TEST(NotifyFifoLine, HasAPathAnOwnerAndAReader) {
  const auto globals = clean("lvs_notify_fifo /run/lvs user :group\nlvs_notify_fifo_script /bin/r");
  EXPECT_EQ(globals.lvs_fifo.path, "/run/lvs");
  EXPECT_EQ(globals.lvs_fifo.owner, (ScriptUser{"user", "group", true}));
  EXPECT_EQ(globals.lvs_fifo.script, (Place{2, 1}));
  EXPECT_THAT(read("notify_fifo").found,
              ElementsAre(HasSubstr("error 'notify_fifo' needs a path")));
}

TEST(Umask, IsANumberOfCOrNames) {
  EXPECT_EQ(clean("umask 0022").common.umask, 022U);
  EXPECT_EQ(clean("umask 0x1f").common.umask, 0x1fU);
  EXPECT_EQ(clean("umask 18").common.umask, 022U);
  EXPECT_EQ(clean("umask IWGRP|IWOTH").common.umask, 022U);
  EXPECT_EQ(clean("umask IXUSR | IROTH").common.umask, 0104U);
  for (const char* wrong : {"01000", "8x", "IWGRP|", "IWALL", "-1"})
    EXPECT_THAT(read(fmt::format("umask {}", wrong)).found, ElementsAre(HasSubstr("'umask' needs")))
        << wrong;
}

TEST(ReloadDefs, HaveBareForms) {
  const auto bare = clean("reload_check_config\nreload_file\nreload_repeat").reload;
  EXPECT_EQ(bare.check_config_log, "/dev/null");
  EXPECT_EQ(bare.marker_file, "");
  EXPECT_TRUE(bare.repeat);
  EXPECT_EQ(clean("reload_check_config /var/log/c").reload.check_config_log, "/var/log/c");
}

TEST(IncludeCheck, KnowsFourChecks) {
  EXPECT_EQ(clean("include_check").include_checks, (IncludeChecks{true, true, true, true}));
  EXPECT_EQ(clean("include_check\ninclude_check -match").include_checks,
            (IncludeChecks{true, false, true, true}));
  EXPECT_EQ(clean("include_check read +brace_match").include_checks,
            (IncludeChecks{true, false, false, true}));
  EXPECT_THAT(read("include_check macth").found,
              ElementsAre("2:15 warning unknown check 'macth' of include_check (did you mean "
                          "'match'?)"));
}

TEST(AlertMail, IsReadWithItsRelayAndRecipients) {
  const auto alerts =
      clean(
          "notification_email_from a@b\nsmtp_server mail.example.org 2525\n"
          "smtp_connect_timeout 10\nnotification_email {\n x@y\n z@y\n}\nsmtp_alert\n"
          "smtp_alert_checker off\nno_email_faults")
          .alerts;
  EXPECT_EQ(alerts.from, "a@b");
  EXPECT_EQ(alerts.server, "mail.example.org");
  EXPECT_EQ(alerts.port, 2525);
  EXPECT_EQ(alerts.connect_timeout, Duration{10s});
  EXPECT_THAT(alerts.recipients, ElementsAre("x@y", "z@y"));
  EXPECT_EQ(alerts.all, true);
  EXPECT_EQ(alerts.checkers, false);
  EXPECT_EQ(alerts.vrrp, std::nullopt);
  EXPECT_TRUE(alerts.no_faults);
}
TEST(AlertMail, HasATimeoutOfAtLeastASecond) {
  const auto [globals, found] = read("smtp_connect_timeout 0\nsmtp_server h 0\nsmtp_alert maybe");
  EXPECT_EQ(globals.alerts.connect_timeout, Duration{1s});
  EXPECT_EQ(globals.alerts.port, 25);
  EXPECT_EQ(found.size(), 3U);
}

TEST(LvsTimeouts, AreReadByName) {
  const auto timeouts = clean("lvs_timeouts udp 300 tcp 900").lvs_timeouts;
  EXPECT_EQ(timeouts, (IpvsTimeouts{900s, std::nullopt, 300s}));
  EXPECT_THAT(
      read("lvs_timeouts tcpfn 1 udp 2678401").found,
      ElementsAre("2:14 warning unknown option 'tcpfn' of lvs_timeouts (did you mean 'tcpfin'?)",
                  "2:26 warning 'udp' is 2678401, outside 0..2678400; the default stays"));
  EXPECT_THAT(read("lvs_timeouts tcp").found, ElementsAre(HasSubstr("error 'tcp' needs")));
}

TEST(FirewallNames, HaveBareForms) {
  const auto bare = clean("vrrp_iptables\nnftables\nnftables_ipvs").firewall;
  EXPECT_EQ(bare.iptables_in, "INPUT");
  EXPECT_EQ(bare.iptables_out, "OUTPUT");
  EXPECT_EQ(bare.table, "");
  EXPECT_EQ(bare.ipvs_table, "");
  const auto named = clean("vrrp_iptables in\nnftables t\nnftables_priority -300").firewall;
  EXPECT_EQ(named.iptables_in, "in");
  EXPECT_EQ(named.iptables_out, "");
  EXPECT_EQ(named.table, "t");
  EXPECT_EQ(named.priority, -300);
}
TEST(FirewallNames, MustNotBeEmptyAndMustDiffer) {
  EXPECT_THAT(clean("vrrp_ipsets a b c").firewall.ipsets, ElementsAre("a", "b", "c"));
  EXPECT_FALSE(clean("vrrp_ipsets a").firewall.no_ipsets);
  EXPECT_TRUE(clean("vrrp_ipsets").firewall.no_ipsets);
  EXPECT_THAT(read("vrrp_ipsets a b a").found,
              ElementsAre("2:17 warning 'vrrp_ipsets' has 'a' twice; the names must differ"));
  EXPECT_EQ(read("nftables \"\"").found.size(), 1U);
  EXPECT_EQ(read("nftables_ipvs_start_fwmark 0").globals.firewall.ipvs_first_mark, 1000U);
}

TEST(VrrpDefs, AreReadAndChecked) {
  const auto vrrp =
      clean(
          "dynamic_interfaces allow_if_changes\nvrrp_mcast_group6 ff02::99\n"
          "vrrp_gna_interval 0.001\nvrrp_garp_extra_if all 60\nvrrp_rx_bufs_policy ADVERT\n"
          "vrrp_rx_bufs_multiplier 5\nvrrp_delay_after_boot 30\nvmac_prefix v\nvrrp_strict\n"
          "fifo_write_vrrp_states_on_reload\ndisable_local_igmp\ndefault_interface eth1")
          .vrrp;
  EXPECT_EQ(vrrp.dynamic_interfaces, DynamicInterfaces::change_too);
  EXPECT_EQ(vrrp.mcast_group6, IpAddress::parse("ff02::99"));
  EXPECT_EQ(vrrp.gna_interval, Duration{1ms});
  EXPECT_EQ(vrrp.extra_garp, (ExtraGarp{60s, true}));
  EXPECT_EQ(vrrp.buffers, (AdvertBuffers{AdvertBuffers::Policy::advert, 0, 5}));
  EXPECT_EQ(vrrp.delay_after_boot, Duration{30s});
  EXPECT_EQ(vrrp.vmac_prefix, "v");
  EXPECT_TRUE(vrrp.strict && vrrp.fifo_states_on_reload && vrrp.no_local_igmp);
  EXPECT_EQ(clean("vrrp_vmac_garp_intvl 5").vrrp.extra_garp, (ExtraGarp{5s, false}));
  EXPECT_EQ(clean("vrrp_rx_bufs_policy 4096").vrrp.buffers.bytes, 4096U);
}
TEST(VrrpDefs, SayWhatIsWrong) {
  const auto [globals, found] = read(
      "dynamic_interfaces allow_if_change\nvrrp_mcast_group6 224.0.0.18\n"
      "vrrp_garp_extra_if 0\nvrrp_rx_bufs_policy ADVERTS\nvmac_prefix a/b");
  EXPECT_EQ(globals.vrrp.dynamic_interfaces, DynamicInterfaces::appear);
  EXPECT_EQ(globals.vrrp.mcast_group6, IpAddress::parse("ff02::12"));
  EXPECT_THAT(found,
              ElementsAre(HasSubstr("did you mean 'allow_if_changes'?"),
                          HasSubstr("needs an IPv6 multicast address, found '224.0.0.18'"),
                          HasSubstr("outside 1..86400 s"), HasSubstr("did you mean 'ADVERT'?"),
                          HasSubstr("needs the beginning of an interface name")));
}

TEST(SnmpAndDbus, AreRead) {
  const auto globals = clean(
      "snmp_socket tcp:localhost:705\nenable_snmp_keepalived\nenable_traps\n"
      "snmp_vs_stats_update_interval 0.5\nenable_dbus\ndbus_service_name org.example.V");
  EXPECT_EQ(globals.snmp.socket, "tcp:localhost:705");
  EXPECT_TRUE(globals.snmp.vrrp && globals.snmp.traps && globals.dbus.enabled);
  EXPECT_EQ(globals.snmp.service_statistics_age, Duration{500ms});
  EXPECT_EQ(globals.dbus.service_name, "org.example.V");
  EXPECT_EQ(read("snmp_rs_stats_update_interval 31").globals.snmp.server_statistics_age,
            std::nullopt);
}

TEST(ReceiveBuffers, HaveASizeAndAForce) {
  const auto buffers =
      clean("lvs_netlink_cmd_rcv_bufs 65536\nlvs_netlink_cmd_rcv_bufs_force yes").buffers;
  EXPECT_EQ(buffers.lvs_command, 65536U);
  EXPECT_TRUE(buffers.lvs_command_force);
  EXPECT_EQ(read("process_monitor_rcv_bufs -1").globals.buffers.processes, std::nullopt);
}

TEST(Dumps, HaveNamesAndALayout) {
  const auto dumps = clean("state_dump_file /a\njson_version 2\ndata_use_instance").dumps;
  EXPECT_EQ(dumps.state_file, "/a");
  EXPECT_EQ(dumps.json_version, 2);
  EXPECT_TRUE(dumps.names_have_instance);
  EXPECT_EQ(read("json_version 3").globals.dumps.json_version, 1);
}

}  // namespace
}  // namespace holdfast::config
