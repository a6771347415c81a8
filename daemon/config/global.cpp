// The table of global_defs: the keywords that something acts on. The others are in
// global_process.cpp and global_later.cpp.
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
  const std::string_view group = statement.words.size() > 2 ? statement.words[2].text : "";
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
  const std::string_view option = statement.words[word].text;
  const Statement value = part_of(statement, word, 2);
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

constexpr std::array built_rows{
    field<&GlobalDefs::router_id>(
        "router_id", AnyWord{}, "keepalived",
        "Names this router in mails and traps; the host name by default."),
    field<&GlobalDefs::checker_log_all_failures>("checker_log_all_failures", Boolean{},
                                                 "keepalived",
                                                 "Log every failed check, not only changes."),
    field<&GlobalDefs::v3_checksum_as_v2>("v3_checksum_as_v2", Boolean{}, "RFC 9568 5.2.8",
                                          "Send version 3 IPv4 checksums without pseudo header."),
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
    field<&GlobalDefs::vrrp_min_garp>(
        "vrrp_min_garp", Boolean{}, "keepalived",
        "One gratuitous ARP for an address, no second block, no refresh."),
    field<&GlobalDefs::vrrp_lower_prio_no_advert>("vrrp_lower_prio_no_advert", Boolean{},
                                                  "keepalived",
                                                  "Do not answer adverts of lower priority."),
    field<&GlobalDefs::vrrp_higher_prio_send_advert>("vrrp_higher_prio_send_advert", Boolean{},
                                                     "keepalived",
                                                     "Send one more advert before yielding."),
    field<&GlobalDefs::vrrp_version>("vrrp_version", lenient(Range{2, 3}), "RFC 9568 5.2.1",
                                     "VRRP version of instances that do not say."),
    field<&GlobalDefs::vrrp_skip_check_adv_addr>(
        "vrrp_skip_check_adv_addr", Boolean{}, "keepalived",
        "Compare the address list only when the active router changes."),
    row<GlobalDefs>("script_user", "USER [[:]GROUP]", "keepalived",
                    "Identity of scripts; a colon keeps the supplementary groups.",
                    read_script_user),
    field<&GlobalDefs::enable_script_security>(
        "enable_script_security", Switch{}, "keepalived",
        "Refuse scripts run by root that others could change."),
    field<&GlobalDefs::rs_init_notifies>(
        "rs_init_notifies", Boolean{}, "keepalived",
        "Run notify scripts for the first state of real servers too."),
    field<&GlobalDefs::vrrp_startup_delay>("vrrp_startup_delay", seconds, "keepalived",
                                           "Hold instances back for this time after start."),
    field<&GlobalDefs::log_unknown_vrids>("log_unknown_vrids", Switch{}, "keepalived",
                                          "Log adverts of VRIDs that are not configured."),
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

std::span<const Row<GlobalDefs>> global_schema() {
  static const std::vector<Row<GlobalDefs>> all = [] {
    std::vector<Row<GlobalDefs>> rows{built_rows.begin(), built_rows.end()};
    for (const auto part : {global_process_rows(), global_service_rows(), global_later_rows()})
      rows.insert(rows.end(), part.begin(), part.end());
    return rows;
  }();
  return all;
}

GlobalDefs read_globals(std::span<const Statement> tree, Reader& reader) {
  GlobalDefs globals;
  for (const Statement& statement : tree)
    if (statement.keyword() == "global_defs" && !report_missing_block(statement, reader))
      read_block<GlobalDefs>(global_schema(), globals, statement.children, "global_defs", reader);
  apply_min_garp(globals);
  return globals;
}

}  // namespace holdfast::config
