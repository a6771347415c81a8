// global_defs: mail; SNMP, D-Bus, IPVS timeouts and buffers, which nothing acts on yet, so each of
// them is pending.
#include <algorithm>
#include <array>

#include "daemon/config/global.h"

namespace holdfast::config {
namespace {

using Globals = GlobalDefs;
using Line = Row<GlobalDefs>;

/// @source keepalived: 32 bits of microseconds
constexpr Rule seconds = lenient(Range{0, 4294, "s"});
constexpr Rule buffer_rule = lenient(Range{1, 2147483647});
constexpr Rule statistics_age = lenient(Range{0.001, 30, "s"});

void read_smtp_server(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  if (statement.words.size() < 2)
    return reader.error(statement.end(),
                        "'smtp_server' needs a host name or address, and nothing follows it");
  globals.alerts.server = statement.words[1].text;
  if (statement.words.size() < 3) return;
  if (const auto port = read_number(statement, 2, lenient(Range{1, 65535}), reader))
    globals.alerts.port = static_cast<std::uint16_t>(*port);
}

void read_smtp_timeout(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  const auto limit = read_seconds(statement, 1, seconds, reader);
  if (!limit) return;
  if (limit->count() == 0)
    reader.warn(statement.place(1), "'smtp_connect_timeout' is 0; 1 s is used");
  globals.alerts.connect_timeout = limit->count() == 0 ? Duration{std::chrono::seconds{1}} : *limit;
}

void read_recipients(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  if (statement.words.size() > 1)
    reader.warn(statement.place(1), "'notification_email' takes addresses in { } only");
  for (const Statement& line : statement.children)
    for (const Word& address : line.words) globals.alerts.recipients.emplace_back(address.text);
}

void read_timeouts(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  static constexpr std::array<std::string_view, 3> names{"tcp", "tcpfin", "udp"};
  const std::array targets{&globals.lvs_timeouts.tcp, &globals.lvs_timeouts.tcp_fin,
                           &globals.lvs_timeouts.udp};
  if (statement.words.size() < 2)
    return reader.error(statement.end(),
                        "'lvs_timeouts' needs tcp, tcpfin or udp, and nothing follows it");
  for (std::size_t word = 1; word < statement.words.size(); word += 2) {
    const std::string_view name = statement.words[word].text;
    const auto known = std::ranges::find(names, std::string_view{name});
    if (known == names.end()) {
      reader.warn(statement.place(word), fmt::format("unknown option '{}' of lvs_timeouts{}", name,
                                                     did_you_mean(name, names)));
      continue;
    }
    const Statement value = part_of(statement, word, 2);
    // 31 days; 0 leaves the kernel's value alone (linux/ip_vs.h ip_vs_timeout_user).
    if (const auto limit = read_number(value, 1, lenient(Range{0, 2678400}), reader))
      *targets[static_cast<std::size_t>(known - names.begin())] = std::chrono::seconds{*limit};
  }
}

constexpr std::array rows{
    part_field<&Globals::alerts, &AlertDefs::from>(
        "notification_email_from", AnyWord{},
        "Sender of alert mail; this daemon's user at the host's name by default."),
    row<Globals>("smtp_server", "HOST|ADDRESS [PORT]", "keepalived",
                 "Relay of alert mail, port 25 by default; without it none is sent.",
                 read_smtp_server),
    part_field<&Globals::alerts, &AlertDefs::helo_name>(
        "smtp_helo_name", AnyWord{},
        "How alert mail introduces this host to the relay; the host's name by default."),
    row<Globals>("smtp_connect_timeout", "SECONDS (1-4294)", "keepalived",
                 "Time limit of connecting to the relay and of its replies; 30 s by default.",
                 read_smtp_timeout),
    row<Globals>("notification_email", "{ ADDRESS ... }", "keepalived", "Recipients of alert mail.",
                 read_recipients),
    part_field<&Globals::alerts, &AlertDefs::all>(
        "smtp_alert", Boolean{}, "Whether changes are mailed where nothing nearer says so."),
    part_field<&Globals::alerts, &AlertDefs::vrrp>(
        "smtp_alert_vrrp", Boolean{}, "Whether changes of instances and groups are mailed."),
    part_field<&Globals::alerts, &AlertDefs::checkers>(
        "smtp_alert_checker", Boolean{}, "Whether changes of virtual and real servers are mailed."),
    part_field<&Globals::alerts, &AlertDefs::no_faults>("no_email_faults", Switch{},
                                                        "Do not mail transitions to FAULT."),
    part_field<&Globals::alerts, &AlertDefs::no_checker_emails>(
        "no_checker_emails", Boolean{},
        "Do not mail changes of single checks that leave their server as it is."),
    row<Globals>(
        "lvs_timeouts", "[tcp SECONDS] [tcpfin SECONDS] [udp SECONDS] (0-2678400)", "linux/ip_vs.h",
        "How long IPVS keeps idle connections; 0: as it is. The values found are put back at stop, "
        "and when a reload takes this out.",
        read_timeouts),
    field<&Globals::check_path_first_mark>(
        "check_path_start_fwmark", Range{1, 4294967295.0 - check_path_marks}, "Holdfast",
        "First of the 1048576 firewall marks that check_path forwarding has to itself; "
        "268435456 by default."),
    pending(part_field<&Globals::snmp, &SnmpDefs::socket>("snmp_socket", AnyWord{},
                                                          "Where the AgentX master listens.")),
    pending(
        part_field<&Globals::snmp, &SnmpDefs::traps>("enable_traps", Switch{}, "Send SNMP traps.")),
    pending(part_field<&Globals::snmp, &SnmpDefs::vrrp>(
        "enable_snmp_vrrp", Switch{}, "Serve the VRRP part of the keepalived MIB.")),
    pending(part_field<&Globals::snmp, &SnmpDefs::vrrp>("enable_snmp_keepalived", Switch{},
                                                        "Old spelling of enable_snmp_vrrp.")),
    pending(part_field<&Globals::snmp, &SnmpDefs::rfc>("enable_snmp_rfc", Switch{},
                                                       "Serve the MIBs of RFC 2787 and RFC 6527.")),
    pending(part_field<&Globals::snmp, &SnmpDefs::rfc_v2>("enable_snmp_rfcv2", Switch{},
                                                          "Serve the MIB of RFC 2787.")),
    pending(part_field<&Globals::snmp, &SnmpDefs::rfc_v3>("enable_snmp_rfcv3", Switch{},
                                                          "Serve the MIB of RFC 6527.")),
    pending(part_field<&Globals::snmp, &SnmpDefs::checkers>(
        "enable_snmp_checker", Switch{}, "Serve the checker part of the keepalived MIB.")),
    pending(part_field<&Globals::snmp, &SnmpDefs::service_statistics_age>(
        "snmp_vs_stats_update_interval", statistics_age,
        "How old statistics of virtual servers may be for SNMP.")),
    pending(part_field<&Globals::snmp, &SnmpDefs::server_statistics_age>(
        "snmp_rs_stats_update_interval", statistics_age,
        "How old statistics of real servers may be; that of virtual servers by default.")),
    pending(part_field<&Globals::dbus, &DbusDefs::enabled>("enable_dbus", Switch{},
                                                           "Offer the D-Bus service.")),
    pending(part_field<&Globals::dbus, &DbusDefs::service_name>("dbus_service_name", AnyWord{},
                                                                "Bus name of the service.")),
    pending(part_field<&Globals::dbus, &DbusDefs::no_interface_name>(
        "dbus_no_interface_name", AnyWord{}, "Path element of instances without interface.")),
    part_field<&Globals::buffers, &BufferDefs::vrrp_command>(
        "vrrp_netlink_cmd_rcv_bufs", buffer_rule,
        "Bytes of the receive buffer for commands of the VRRP process."),
    part_field<&Globals::buffers, &BufferDefs::vrrp_command_force>(
        "vrrp_netlink_cmd_rcv_bufs_force", Boolean{},
        "Let that buffer pass the limit of the system."),
    part_field<&Globals::buffers, &BufferDefs::vrrp_monitor>(
        "vrrp_netlink_monitor_rcv_bufs", buffer_rule,
        "Bytes of the receive buffer for events in the VRRP process."),
    part_field<&Globals::buffers, &BufferDefs::vrrp_monitor_force>(
        "vrrp_netlink_monitor_rcv_bufs_force", Boolean{},
        "Let that buffer pass the limit of the system."),
    part_field<&Globals::buffers, &BufferDefs::processes>(
        "process_monitor_rcv_bufs", buffer_rule, "Bytes of the receive buffer for process events."),
    part_field<&Globals::buffers, &BufferDefs::processes_force>(
        "process_monitor_rcv_bufs_force", Boolean{},
        "Let that buffer pass the limit of the system."),
    part_field<&Globals::buffers, &BufferDefs::lvs_command>(
        "lvs_netlink_cmd_rcv_bufs", buffer_rule,
        "Bytes of the receive buffer for commands of the checker process."),
    part_field<&Globals::buffers, &BufferDefs::lvs_command_force>(
        "lvs_netlink_cmd_rcv_bufs_force", Boolean{},
        "Let that buffer pass the limit of the system."),
    part_field<&Globals::buffers, &BufferDefs::lvs_monitor>(
        "lvs_netlink_monitor_rcv_bufs", buffer_rule,
        "Bytes of the receive buffer for events in the checker process."),
    part_field<&Globals::buffers, &BufferDefs::lvs_monitor_force>(
        "lvs_netlink_monitor_rcv_bufs_force", Boolean{},
        "Let that buffer pass the limit of the system."),
};

}  // namespace

std::span<const Row<GlobalDefs>> global_service_rows() { return rows; }

}  // namespace holdfast::config
