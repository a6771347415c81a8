// The table of global_defs.
#include "daemon/config/global.h"

#include <algorithm>
#include <array>

namespace holdfast::config {
namespace {

/// @source keepalived: 32 bits of microseconds
constexpr Rule seconds = lenient(Range{0, 4294, "s"});
/// More copies of an announcement than anybody means.
constexpr Rule count = lenient(Range{0, 65535});

/// A multicast address after the keyword.
std::optional<IpAddress> read_multicast(const Statement& statement, Reader& reader) {
  const auto address = read_address(statement, 1, reader);
  if (!address || address->is_multicast()) return address;
  reader.warn(statement.place(1), fmt::format("'{}' needs a multicast address, found '{}'",
                                              statement.keyword(), address->to_string()));
  return std::nullopt;
}

void read_mcast_group4(GlobalDefs& globals, const Row<GlobalDefs>&, const Statement& statement,
                       Reader& reader) {
  const auto group = read_multicast(statement, reader);
  if (!group) return;
  if (group->is_v4())
    globals.vrrp_mcast_group4 = *group;
  else
    reader.warn(statement.place(1), "'vrrp_mcast_group4' needs an IPv4 address");
}

/// keepalived: at least one copy is sent.
void read_master_repeat(GlobalDefs& globals, const Row<GlobalDefs>&, const Statement& statement,
                        Reader& reader) {
  const auto read = read_number(statement, 1, count, reader);
  if (!read) return;
  if (*read == 0) reader.warn(statement.place(1), "'vrrp_garp_master_repeat' is 0; 1 is used");
  globals.vrrp_garp_master_repeat = std::max(1U, static_cast<std::uint32_t>(*read));
}

void read_script_user(GlobalDefs& globals, const Row<GlobalDefs>&, const Statement& statement,
                      Reader& reader) {
  if (statement.words.size() < 2) {
    reader.error(statement.end(), "'script_user' needs a user, and nothing follows it");
    return;
  }
  const std::string group = statement.words.size() > 2 ? statement.words[2].text : "";
  globals.script_user = make_script_user(statement.words[1].text, group);
}

void read_flush_on_stop(GlobalDefs& globals, const Row<GlobalDefs>&, const Statement& statement,
                        Reader& reader) {
  if (statement.words.size() > 1 && statement.words[1].text != "VS") {
    reader.warn(statement.place(1), fmt::format("'{}' takes nothing or VS, found '{}'",
                                                statement.keyword(), statement.words[1].text));
    return;
  }
  globals.lvs_flush_on_stop =
      statement.words.size() > 1 ? FlushOnStop::virtual_servers : FlushOnStop::everything;
}

/// Reads the option whose name stands at `word` and whose value follows. False: unknown name.
bool read_sync_option(SyncDaemon& daemon, const Statement& statement, std::size_t word,
                      Reader& reader) {
  const std::string& option = statement.words[word].text;
  const Statement value{{statement.words.begin() + static_cast<std::ptrdiff_t>(word),
                         statement.words.begin() + static_cast<std::ptrdiff_t>(
                                                       std::min(word + 2, statement.words.size()))},
                        statement.line,
                        false,
                        {}};
  const auto number = [&](double low, double high, auto& target) {
    using Target = std::remove_reference_t<decltype(target)>;
    if (const auto read = read_number(value, 1, Range{low, high}, reader))
      target = static_cast<typename detail::Unwrapped<Target>::type>(*read);
  };
  if (option == "inst") {
    if (const auto instance = read_word(value, 1, reader)) daemon.instance = *instance;
  } else if (option == "id") {
    number(0, 255, daemon.sync_id);
  } else if (option == "maxlen") {
    number(1, 65507, daemon.max_length);
  } else if (option == "port") {
    number(1, 65535, daemon.port);
  } else if (option == "ttl") {
    number(1, 255, daemon.ttl);
  } else if (option == "group") {
    daemon.group = read_multicast(value, reader);
  } else {
    return false;
  }
  return true;
}

void read_sync_daemon(GlobalDefs& globals, const Row<GlobalDefs>&, const Statement& statement,
                      Reader& reader) {
  if (statement.words.size() < 2) {
    reader.error(statement.end(), "'lvs_sync_daemon' needs an interface, and nothing follows it");
    return;
  }
  SyncDaemon& daemon = globals.lvs_sync_daemon.emplace();
  daemon.interface = statement.words[1].text;
  static constexpr std::array<std::string_view, 6> options{"inst", "id",  "maxlen",
                                                           "port", "ttl", "group"};
  for (std::size_t word = 2; word < statement.words.size();) {
    if (read_sync_option(daemon, statement, word, reader)) {
      word += 2;
    } else if (word == 2) {  // keepalived's short form: the instance directly after the interface
      daemon.instance = statement.words[word++].text;
    } else {
      reader.warn(
          statement.place(word),
          fmt::format("unknown option '{}' of lvs_sync_daemon{}", statement.words[word].text,
                      did_you_mean(statement.words[word].text, options)));
      ++word;
    }
  }
}

constexpr std::array schema{
    later<GlobalDefs>(
        "process_names", "",
        "Name children keepalived_vrrp, keepalived_lvs, keepalived_bfd; parent unchanged."),
    later<GlobalDefs>("process_name", "NAME(<=15)", "Name of the parent process."),
    later<GlobalDefs>("vrrp_process_name", "NAME(<=15)", "Name of the vrrp child."),
    later<GlobalDefs>("checker_process_name", "NAME(<=15)", "Name of the checker child."),
    later<GlobalDefs>("lvs_process_name", "NAME(<=15)", "Name of the checker child."),
    later<GlobalDefs>("bfd_process_name", "NAME(<=15)", "Name of the bfd child."),
    later<GlobalDefs>("use_symlink_paths", "[BOOL]",
                      "Keep symlinks in script paths instead of resolving them at load."),
    later<GlobalDefs>("set_supplementary_groups", "[BOOL]",
                      "Give scripts the supplementary groups of their user."),
    field<&GlobalDefs::router_id>(
        "router_id", AnyWord{}, "keepalived",
        "Names this router in mails and traps; the host name by default."),
    later<GlobalDefs>("notification_email_from", "ADDRESS", "Sender of alert mail."),
    later<GlobalDefs>("smtp_server", "HOST|ADDR [PORT]", "Relay for alert mail."),
    later<GlobalDefs>("smtp_helo_name", "NAME", "HELO argument of alert mail."),
    later<GlobalDefs>("smtp_connect_timeout", "SECS (0 becomes 1)",
                      "Connect and reply timeout of alert mail."),
    later<GlobalDefs>("notification_email", "{ ADDRESS ... }", "Recipients of alert mail."),
    later<GlobalDefs>("smtp_alert", "[BOOL]",
                      "Default for all smtp_alert settings; bare word is true."),
    later<GlobalDefs>("smtp_alert_vrrp", "[BOOL]", "Default for instances and groups."),
    later<GlobalDefs>("smtp_alert_checker", "[BOOL]", "Default for virtual and real servers."),
    later<GlobalDefs>("startup_script", "\"CMD [ARGS]\" [USER [GROUP]]",
                      "Script run by parent before children start."),
    later<GlobalDefs>("startup_script_timeout", "SECS 1..1000", "Limit for startup script."),
    later<GlobalDefs>("shutdown_script", "\"CMD [ARGS]\" [USER [GROUP]]",
                      "Script run by parent after children ended."),
    later<GlobalDefs>("shutdown_script_timeout", "SECS 1..1000", "Limit for shutdown script."),
    later<GlobalDefs>("max_auto_priority", "[-1..99]",
                      "Ceiling for automatic realtime priority raise on scheduling delays."),
    later<GlobalDefs>("min_auto_priority_delay", "USECS 1..10000000",
                      "Lateness that triggers the automatic raise."),
    field<&GlobalDefs::checker_log_all_failures>("checker_log_all_failures", Boolean{},
                                                 "keepalived",
                                                 "Log every failed check, not only changes."),
    later<GlobalDefs>("dynamic_interfaces", "[allow_if_changes]",
                      "Accept interfaces that do not exist yet; option also allows type changes."),
    later<GlobalDefs>("no_email_faults", "", "No mail for FAULT transitions."),
    later<GlobalDefs>("default_interface", "IF", "Interface for static addresses without dev."),
    later<GlobalDefs>(
        "disable_local_igmp", "",
        "Clear igmp_link_local_mcast_reports so VMACs send no IGMP for 224.0.0.0/24."),
    field<&GlobalDefs::v3_checksum_as_v2>("v3_checksum_as_v2", Boolean{}, "RFC 9568 5.2.8",
                                          "Send version 3 IPv4 checksums without pseudo header."),
    later<GlobalDefs>("lvs_timeouts", "[tcp SECS] [tcpfin SECS] [udp SECS] (<=31 days)",
                      "IPVS connection timeouts; restored when daemon stops."),
    field<&GlobalDefs::lvs_flush>("lvs_flush", Switch{}, "keepalived",
                                  "Clear the IPVS table at start."),
    row<GlobalDefs>("lvs_flush_on_stop", "[VS]", "keepalived",
                    "Clear the IPVS table at stop: all of it, or only our services (VS).",
                    read_flush_on_stop),
    row<GlobalDefs>("lvs_flush_onstop", "[VS]", "keepalived, deprecated",
                    "Old spelling of lvs_flush_on_stop.", read_flush_on_stop),
    row<GlobalDefs>("lvs_sync_daemon",
                    "IF [[inst] VRRP] [id 0-255] [maxlen N] [port N] [ttl N] [group ADDR]",
                    "linux/ip_vs.h IPVS_CMD_NEW_DAEMON",
                    "Synchronise IPVS connections; master while the instance is, else backup.",
                    read_sync_daemon),
    row<GlobalDefs>("vrrp_mcast_group4", "IPV4", "RFC 9568 5.1.1.2",
                    "IPv4 group of advertisements.", read_mcast_group4),
    later<GlobalDefs>("vrrp_mcast_group6", "IPV6", "IPv6 advert group."),
    field<&GlobalDefs::vrrp_garp_master_delay>("vrrp_garp_master_delay", seconds, "keepalived",
                                               "Pause before the second block of gratuitous ARP."),
    row<GlobalDefs>("vrrp_garp_master_repeat", "1-65535", "keepalived",
                    "Gratuitous ARPs in a block.", read_master_repeat),
    field<&GlobalDefs::vrrp_garp_master_refresh>("vrrp_garp_master_refresh", seconds, "keepalived",
                                                 "Time between refreshing announcements; 0: none."),
    field<&GlobalDefs::vrrp_garp_master_refresh_repeat>(
        "vrrp_garp_master_refresh_repeat", count, "keepalived", "Gratuitous ARPs in a refresh."),
    field<&GlobalDefs::vrrp_garp_lower_prio_delay>(
        "vrrp_garp_lower_prio_delay", seconds, "keepalived",
        "Delay of the second block after an advert of lower priority."),
    field<&GlobalDefs::vrrp_garp_lower_prio_repeat>(
        "vrrp_garp_lower_prio_repeat", count, "keepalived",
        "Gratuitous ARPs after an advert of lower priority."),
    field<&GlobalDefs::vrrp_down_timer_adverts>(
        "vrrp_down_timer_adverts", lenient(Range{1, 100}), "RFC 9568 6.1",
        "Missed advertisements before a Backup takes over."),
    field<&GlobalDefs::vrrp_garp_interval>("vrrp_garp_interval", seconds, "keepalived",
                                           "Gap between gratuitous ARPs on one interface."),
    later<GlobalDefs>("vrrp_gna_interval", "SECS.frac",
                      "Gap between unsolicited NAs on one interface."),
    field<&GlobalDefs::vrrp_min_garp>(
        "vrrp_min_garp", Boolean{}, "keepalived",
        "One gratuitous ARP for an address, no second block, no refresh."),
    later<GlobalDefs>("vrrp_garp_extra_if", "[all] SECS 1..86400",
                      "Periodic GARP on VMAC VIP interfaces not carrying adverts; all covers every "
                      "VIP interface."),
    later<GlobalDefs>("vrrp_vmac_garp_intvl", "[all] SECS 1..86400",
                      "Periodic GARP on VMAC VIP interfaces not carrying adverts; all covers every "
                      "VIP interface."),
    field<&GlobalDefs::vrrp_lower_prio_no_advert>("vrrp_lower_prio_no_advert", Boolean{},
                                                  "keepalived",
                                                  "Do not answer adverts of lower priority."),
    field<&GlobalDefs::vrrp_higher_prio_send_advert>("vrrp_higher_prio_send_advert", Boolean{},
                                                     "keepalived",
                                                     "Send one more advert before yielding."),
    later<GlobalDefs>("vrrp_owner_ignore_adverts", "[BOOL]",
                      "Priority 255 instances discard received adverts."),
    field<&GlobalDefs::vrrp_version>("vrrp_version", lenient(Range{2, 3}), "RFC 9568 5.2.1",
                                     "VRRP version of instances that do not say."),
    later<GlobalDefs>("vrrp_iptables", "[INCHAIN [OUTCHAIN]]",
                      "Iptables chains for no_accept and VMAC rules."),
    later<GlobalDefs>("vrrp_ipsets", "NAME1 [NAME2 .. NAME6]",
                      "Ipset names used with iptables rules; must differ."),
    later<GlobalDefs>("nftables", "[TABLE]",
                      "Use nftables with this table for no_accept and VMAC rules."),
    later<GlobalDefs>("nftables_priority", "INT32", "Hook priority of the vrrp chains."),
    later<GlobalDefs>("nftables_ifindex", "", "Match interfaces by index instead of name."),
    later<GlobalDefs>("nftables_counters", "", "Add counters to generated nft rules."),
    later<GlobalDefs>("nftables_ipvs", "[TABLE]",
                      "Map virtual_server_group addresses to fwmarks by nftables."),
    later<GlobalDefs>("nftables_ipvs_priority", "INT32", "Hook priority of the fwmark chain."),
    later<GlobalDefs>("nftables_ipvs_start_fwmark", "N", "First automatic fwmark."),
    later<GlobalDefs>("vrrp_check_unicast_src", "[BOOL]",
                      "Accept unicast adverts only from listed peers."),
    field<&GlobalDefs::vrrp_skip_check_adv_addr>(
        "vrrp_skip_check_adv_addr", Boolean{}, "keepalived",
        "Compare the address list only when the active router changes."),
    later<GlobalDefs>("vrrp_strict", "[BOOL]", "Enforce RFC compliance on every instance."),
    later<GlobalDefs>("vrrp_priority", "-20..19", "Nice level of the vrrp process."),
    later<GlobalDefs>("vrrp_no_swap", "", "Lock the vrrp process in memory."),
    later<GlobalDefs>("vrrp_rt_priority", "1..99", "SCHED_RR priority of the vrrp process."),
    later<GlobalDefs>("vrrp_cpu_affinity", "CPU ...", "Pin the vrrp process to CPUs."),
    later<GlobalDefs>("vrrp_rlimit_rttime", "USECS (1 becomes 2)",
                      "Realtime CPU limit without blocking for the vrrp process."),
    later<GlobalDefs>("vrrp_rlimit_rtime", "USECS (1 becomes 2)",
                      "Realtime CPU limit without blocking for the vrrp process."),
    later<GlobalDefs>("checker_priority", "-20..19", "Nice level of the checker process."),
    later<GlobalDefs>("checker_no_swap", "", "Lock the checker process in memory."),
    later<GlobalDefs>("checker_rt_priority", "1..99", "SCHED_RR priority of the checker process."),
    later<GlobalDefs>("checker_cpu_affinity", "CPU ...", "Pin the checker process to CPUs."),
    later<GlobalDefs>("checker_rlimit_rttime", "USECS (1 becomes 2)",
                      "Realtime CPU limit without blocking for the checker process."),
    later<GlobalDefs>("checker_rlimit_rtime", "USECS (1 becomes 2)",
                      "Realtime CPU limit without blocking for the checker process."),
    later<GlobalDefs>("bfd_priority", "-20..19", "Nice level of the bfd process."),
    later<GlobalDefs>("bfd_no_swap", "", "Lock the bfd process in memory."),
    later<GlobalDefs>("bfd_rt_priority", "1..99", "SCHED_RR priority of the bfd process."),
    later<GlobalDefs>("bfd_cpu_affinity", "CPU ...", "Pin the bfd process to CPUs."),
    later<GlobalDefs>("bfd_rlimit_rttime", "USECS (1 becomes 2)",
                      "Realtime CPU limit without blocking for the bfd process."),
    later<GlobalDefs>("bfd_rlimit_rtime", "USECS (1 becomes 2)",
                      "Realtime CPU limit without blocking for the bfd process."),
    later<GlobalDefs>("notify_fifo", "PATH [USER [GROUP]]", "FIFO receiving all state changes."),
    later<GlobalDefs>("notify_fifo_script", "\"CMD [ARGS]\" [USER [GROUP]]",
                      "Reader started for notify_fifo; FIFO name appended as last argument."),
    later<GlobalDefs>("vrrp_notify_fifo", "PATH [USER [GROUP]]",
                      "FIFO for instance and group events."),
    later<GlobalDefs>("vrrp_notify_fifo_script", "\"CMD [ARGS]\" [USER [GROUP]]",
                      "Reader started for vrrp_notify_fifo."),
    later<GlobalDefs>("lvs_notify_fifo", "PATH [USER [GROUP]]",
                      "FIFO for virtual and real server events."),
    later<GlobalDefs>("lvs_notify_fifo_script", "\"CMD [ARGS]\" [USER [GROUP]]",
                      "Reader started for lvs_notify_fifo."),
    later<GlobalDefs>("vrrp_notify_priority_changes", "[BOOL]",
                      "Default: report effective priority changes to FIFOs."),
    later<GlobalDefs>("fifo_write_vrrp_states_on_reload", "",
                      "Repeat all instance and group states to FIFOs after reload."),
    later<GlobalDefs>("snmp_socket", "ADDRESS", "AgentX master socket."),
    later<GlobalDefs>("enable_traps", "", "Send SNMP traps."),
    later<GlobalDefs>("enable_snmp_vrrp", "", "Serve the vrrp branch of the keepalived MIB."),
    later<GlobalDefs>("enable_snmp_keepalived", "", "Serve the vrrp branch of the keepalived MIB."),
    later<GlobalDefs>("enable_snmp_rfc", "", "Serve RFC2787 and RFC6527 MIBs."),
    later<GlobalDefs>("enable_snmp_rfcv2", "", "Serve RFC2787 MIB."),
    later<GlobalDefs>("enable_snmp_rfcv3", "", "Serve RFC6527 MIB."),
    later<GlobalDefs>("enable_snmp_checker", "", "Serve the check branch of the keepalived MIB."),
    later<GlobalDefs>("snmp_vs_stats_update_interval", "SECS 0.001..30",
                      "Maximum age of virtual server statistics for SNMP."),
    later<GlobalDefs>("snmp_rs_stats_update_interval", "SECS 0.001..30",
                      "Maximum age of real server statistics for SNMP."),
    later<GlobalDefs>("enable_dbus", "", "Start the DBus service."),
    later<GlobalDefs>("dbus_service_name", "NAME", "Bus name to own."),
    later<GlobalDefs>("dbus_no_interface_name", "STRING",
                      "Path element for instances without interface."),
    row<GlobalDefs>("script_user", "USER [[:]GROUP]", "keepalived",
                    "Identity of scripts; a colon keeps the supplementary groups.",
                    read_script_user),
    field<&GlobalDefs::enable_script_security>(
        "enable_script_security", Switch{}, "keepalived",
        "Refuse scripts run by root that others could change."),
    later<GlobalDefs>("vrrp_netlink_cmd_rcv_bufs", "BYTES",
                      "Receive buffer size of that netlink socket."),
    later<GlobalDefs>("vrrp_netlink_cmd_rcv_bufs_force", "[BOOL]",
                      "Use SO_RCVBUFFORCE for that buffer."),
    later<GlobalDefs>("vrrp_netlink_monitor_rcv_bufs", "BYTES",
                      "Receive buffer size of that netlink socket."),
    later<GlobalDefs>("vrrp_netlink_monitor_rcv_bufs_force", "[BOOL]",
                      "Use SO_RCVBUFFORCE for that buffer."),
    later<GlobalDefs>("process_monitor_rcv_bufs", "BYTES",
                      "Receive buffer size of that netlink socket."),
    later<GlobalDefs>("process_monitor_rcv_bufs_force", "[BOOL]",
                      "Use SO_RCVBUFFORCE for that buffer."),
    later<GlobalDefs>("lvs_netlink_cmd_rcv_bufs", "BYTES",
                      "Receive buffer size of that netlink socket."),
    later<GlobalDefs>("lvs_netlink_cmd_rcv_bufs_force", "[BOOL]",
                      "Use SO_RCVBUFFORCE for that buffer."),
    later<GlobalDefs>("lvs_netlink_monitor_rcv_bufs", "BYTES",
                      "Receive buffer size of that netlink socket."),
    later<GlobalDefs>("lvs_netlink_monitor_rcv_bufs_force", "[BOOL]",
                      "Use SO_RCVBUFFORCE for that buffer."),
    field<&GlobalDefs::rs_init_notifies>(
        "rs_init_notifies", Boolean{}, "keepalived",
        "Run notify scripts for the first state of real servers too."),
    later<GlobalDefs>("no_checker_emails", "[BOOL]", "No mail for individual checker changes."),
    later<GlobalDefs>("vrrp_rx_bufs_policy", "MTU | ADVERT | BYTES",
                      "Sizing of advert receive buffers."),
    later<GlobalDefs>("vrrp_rx_bufs_multiplier", "N",
                      "Multiplier applied to MTU or ADVERT sizing."),
    field<&GlobalDefs::vrrp_startup_delay>("vrrp_startup_delay", seconds, "keepalived",
                                           "Hold instances back for this time after start."),
    later<GlobalDefs>("vrrp_delay_after_boot", "SECS.frac",
                      "Hold until this uptime; the later of this and startup delay counts."),
    field<&GlobalDefs::log_unknown_vrids>("log_unknown_vrids", Switch{}, "keepalived",
                                          "Log adverts of VRIDs that are not configured."),
    later<GlobalDefs>("vmac_prefix", "PREFIX", "Default VMAC interface name prefix."),
    later<GlobalDefs>("vmac_addr_prefix", "PREFIX",
                      "Name prefix of VMACs made for use_vmac addresses."),
    later<GlobalDefs>("umask", "NUMBER(C notation) | IRUSR|IWGRP|... joined by vertical bars",
                      "File creation mask; command line wins."),
    later<GlobalDefs>("random_seed", "N",
                      "Meant to seed ${_RANDOM}; has no effect in the load that sets it."),
    later<GlobalDefs>("reload_check_config", "[LOGFILE]",
                      "Validate with a test child before reloading."),
    later<GlobalDefs>("reload_time_file", "PATH", "File holding a time at which to reload."),
    later<GlobalDefs>("reload_repeat", "[BOOL]",
                      "Keep time file and reload daily when it holds only a time."),
    later<GlobalDefs>("reload_file", "[PATH]", "File that exists while configuration is read."),
    later<GlobalDefs>("include_check", "[[+|-]read|match|wildcard_match|brace_match ...]",
                      "Which include problems are errors."),
    later<GlobalDefs>("config_save_dir", "DIR",
                      "Store configuration and dumps before and after each reload."),
    later<GlobalDefs>("tmp_config_directory", "DIR",
                      "Where the consolidated configuration copy is kept."),
    later<GlobalDefs>("data_use_instance", "[BOOL]",
                      "Add namespace and instance to dump file names."),
    later<GlobalDefs>("json_version", "1|2", "Layout of the JSON dump."),
    later<GlobalDefs>("iproute_usr_dir", "DIR", "Vendor directory of iproute2 name tables."),
    later<GlobalDefs>("iproute_etc_dir", "DIR", "Admin directory of iproute2 name tables."),
    later<GlobalDefs>("state_dump_file", "PATH", "Base name of the SIGUSR1 dump."),
    later<GlobalDefs>("stats_dump_file", "PATH", "Parsed but never used."),
    later<GlobalDefs>("json_dump_file", "PATH", "Parsed but never used."),
};

/// vrrp_min_garp only touches what still has its default (keepalived; here whatever the order).
void apply_min_garp(GlobalDefs& globals) {
  const GlobalDefs defaults;
  if (!globals.vrrp_min_garp) return;
  if (globals.vrrp_garp_master_repeat == defaults.vrrp_garp_master_repeat)
    globals.vrrp_garp_master_repeat = 1;
  if (globals.vrrp_garp_master_delay == defaults.vrrp_garp_master_delay)
    globals.vrrp_garp_master_delay = Duration{0};
}

}  // namespace

ScriptUser make_script_user(std::string_view user, std::string_view group) {
  ScriptUser made{std::string{user}, {}, group.starts_with(':')};
  if (made.supplementary_groups) group.remove_prefix(1);
  made.group = group;
  return made;
}

std::span<const Row<GlobalDefs>> global_schema() { return schema; }

GlobalDefs read_globals(std::span<const Statement> tree, Reader& reader) {
  GlobalDefs globals;
  for (const Statement& statement : tree)
    if (statement.keyword() == "global_defs" && !report_missing_block(statement, reader))
      read_block<GlobalDefs>(schema, globals, statement.children, "global_defs", reader);
  apply_min_garp(globals);
  return globals;
}

}  // namespace holdfast::config
