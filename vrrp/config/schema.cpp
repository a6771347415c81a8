// The only place that knows what a vrrp_instance accepts: one row a keyword.
#include <algorithm>
#include <array>

#include "vrrp/config/address_line.h"
#include "vrrp/config/complete.h"
#include "vrrp/config/config.h"

namespace holdfast::vrrp {
namespace {

using config::AnyWord;
using config::Boolean;
using config::Choice;
using config::field;
using config::later;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Switch;

using std::string_view_literals::operator""sv;
constexpr std::array state_words{"BACKUP"sv, "MASTER"sv};
/// @source keepalived: delays are read up to 2^32 us; a day is more than anybody means
constexpr Range delay{0, 86'400, "s"};
constexpr Range count{0, 1000};

template <ScriptPlace NotifyScripts::* Script>
void read_script(Instance& instance, const Row<Instance>&, const Statement& statement,
                 Reader& reader) {
  if (statement.words.size() < 2) {
    reader.error(statement.place(), fmt::format("'{}' needs a command", statement.keyword()));
    return;
  }
  if (instance.notify.*Script)  // keepalived keeps the first and complains
    reader.warn(statement.place(),
                fmt::format("'{}' is already set; the first one stays", statement.keyword()));
  else
    instance.notify.*Script = statement.place();
}

void read_addresses(Instance& instance, const Row<Instance>&, const Statement& statement,
                    Reader& reader) {
  for (const Statement& line : statement.children)
    if (auto address = read_address_line(line, reader)) instance.addresses.push_back(*address);
}

void read_excluded(Instance& instance, const Row<Instance>&, const Statement& statement,
                   Reader& reader) {
  for (const Statement& line : statement.children)
    if (auto address = read_address_line(line, reader)) instance.excluded.push_back(*address);
}

void read_auth_type(Instance& instance, const Row<Instance>&, const Statement& statement,
                    Reader& reader) {
  const std::string type = statement.words.size() > 1 ? statement.words[1].text : "";
  if (type == "PASS")
    instance.auth_type = AuthType::password;
  else if (type == "AH")
    reader.error(statement.place(1), "'auth_type AH' is not supported yet");
  else
    reader.warn(statement.place(1), fmt::format("'auth_type' needs PASS or AH, found '{}'", type));
}

void read_auth_pass(Instance& instance, const Row<Instance>&, const Statement& statement,
                    Reader& reader) {
  constexpr std::size_t longest = 8;  // RFC 2338 5.3.10
  if (statement.words.size() < 2) {
    reader.error(statement.place(), "'auth_pass' needs a password of 1 to 8 characters");
    return;
  }
  instance.auth_pass = statement.words[1].text;
  if (instance.auth_pass.size() <= longest) return;
  reader.warn(statement.place(1), "'auth_pass' is longer than 8 characters and is cut to 8");
  instance.auth_pass.resize(longest);
}

constexpr std::array authentication_schema{
    row<Instance>("auth_type", "PASS|AH", "RFC 2338 5.3.6", "Kind of version 2 authentication.",
                  read_auth_type),
    row<Instance>("auth_pass", "STRING(<=8)", "RFC 2338 5.3.10", "Shared password of the link.",
                  read_auth_pass),
};

void read_authentication(Instance& instance, const Row<Instance>&, const Statement& statement,
                         Reader& reader) {
  config::read_block<Instance>(authentication_schema, instance, statement.children,
                               "authentication", reader);
}

/// keepalived: one that cannot be read is 100, and not the owner's that a MASTER without any has.
void read_priority(Instance& instance, const Row<Instance>& self, const Statement& statement,
                   Reader& reader) {
  const auto plain =
      field<&Instance::configured_priority>(self.keyword, self.rule, self.source, self.meaning);
  instance.configured_priority = std::uint8_t{100};
  plain.read(instance, plain, statement, reader);
}

constexpr std::array instance_schema{
    field<&Instance::state>("state", Choice{state_words}, "keepalived",
                            "Initial wish; only MASTER with priority 255 starts as Active."),
    field<&Instance::interface>("interface", AnyWord{}, "RFC 9568 5.1.1.1",
                                "Interface that carries the advertisements."),
    field<&Instance::virtual_router_id>("virtual_router_id", Range{1, 255}, "RFC 9568 5.2.3",
                                        "Identifies the virtual router on its link."),
    Row<Instance>{"priority",
                  Range{1, 255},
                  {},
                  "RFC 9568 5.2.4",
                  "Higher wins the election; 255 owns the addresses.",
                  read_priority},
    field<&Instance::configured_version>("version", Range{2, 3}, "RFC 9568 5.2.1",
                                         "VRRP version; vrrp_version is the default."),
    field<&Instance::advert_int>("advert_int", Range{0.01, 255, "s"}, "RFC 9568 5.2.7",
                                 "Time between advertisements; version 3 up to 40.95 s."),
    field<&Instance::preempt>("preempt", Switch{}, "RFC 9568 6.1",
                              "Take over from an Active router of lower priority."),
    field<&Instance::preempt>("nopreempt", Switch{false}, "RFC 9568 6.1",
                              "Leave an Active router of lower priority in charge."),
    field<&Instance::preempt_delay>("preempt_delay", Range{0, 1000, "s"}, "keepalived",
                                    "Wait before preempting an Active router of lower priority."),
    row<Instance>("virtual_ipaddress", "{ ADDRESS[/PREFIX] [dev IF] [label L] [scope S] [brd A] }",
                  "RFC 9568 5.2.9", "Addresses announced and held by the Active router.",
                  read_addresses),
    row<Instance>("virtual_ipaddress_excluded", "{ ADDRESS-LINE ... }", "keepalived",
                  "Addresses held but not listed in advertisements.", read_excluded),
    field<&Instance::no_virtual_ipaddress>("no_virtual_ipaddress", Switch{}, "keepalived",
                                           "Permit an instance without addresses."),
    field<&Instance::dont_track_primary>("dont_track_primary", Switch{}, "keepalived",
                                         "Do not go to FAULT when the interface is down."),
    field<&Instance::mcast_src_ip>("mcast_src_ip", config::Address{}, "RFC 9568 5.1.1.1",
                                   "Source address of advertisements."),
    row<Instance>("authentication", "{ auth_type PASS|AH auth_pass STRING }", "RFC 2338 10",
                  "Version 2 authentication.", read_authentication),
    field<&Instance::garp_master_delay>("garp_master_delay", delay, "keepalived",
                                        "Pause before the second block of announcements."),
    field<&Instance::garp_master_repeat>("garp_master_repeat", count, "keepalived",
                                         "Announcements in a block."),
    field<&Instance::garp_master_refresh>("garp_master_refresh", delay, "keepalived",
                                          "Time between refreshing announcements; 0: none."),
    field<&Instance::garp_master_refresh_repeat>("garp_master_refresh_repeat", count, "keepalived",
                                                 "Announcements in a refresh."),
    field<&Instance::garp_lower_prio_delay>("garp_lower_prio_delay", delay, "keepalived",
                                            "Second block after an advert of lower priority."),
    field<&Instance::garp_lower_prio_repeat>("garp_lower_prio_repeat", count, "keepalived",
                                             "Announcements after an advert of lower priority."),
    field<&Instance::down_timer_adverts>("down_timer_adverts", Range{1, 100}, "RFC 9568 6.1",
                                         "Missed advertisements before a takeover."),
    field<&Instance::lower_prio_no_advert>("lower_prio_no_advert", Boolean{}, "RFC 9568 6.4.3",
                                           "Do not answer an advert of lower priority."),
    field<&Instance::higher_prio_send_advert>("higher_prio_send_advert", Boolean{}, "keepalived",
                                              "Send one more advert before yielding."),
    field<&Instance::v3_checksum_as_v2>("v3_checksum_as_v2", Boolean{}, "RFC 9568 5.2.8",
                                        "Send version 3 checksums without pseudo header."),
    field<&Instance::skip_check_adv_addr>("skip_check_adv_addr", Boolean{}, "keepalived",
                                          "Compare address lists only for a new Active router."),
    row<Instance>("notify_master", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script on becoming Active.", read_script<&NotifyScripts::master>),
    row<Instance>("notify_backup", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script on becoming Backup.", read_script<&NotifyScripts::backup>),
    row<Instance>("notify_fault", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script on entering FAULT.", read_script<&NotifyScripts::fault>),
    row<Instance>("notify_stop", "\"CMD\" [USER [GROUP]]", "keepalived", "Script at stop.",
                  read_script<&NotifyScripts::stop>),
    row<Instance>("notify", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script on every transition, with INSTANCE NAME STATE PRIORITY.",
                  read_script<&NotifyScripts::any>),
    later<Instance>("use_vmac", "[[name] IF] [MAC] [netlink_notify_msg] [group G]",
                    "Send from a macvlan that holds the virtual MAC."),
    later<Instance>("use_vmac_addr", "", "Create VMACs for addresses on other interfaces."),
    later<Instance>("vmac_xmit_base", "", "Send from the base interface although use_vmac is set."),
    later<Instance>("use_ipvlan", "[[name] IF] [ADDR[/M]] [bridge|private|vepa] [group G]",
                    "Use an ipvlan instead of a macvlan."),
    later<Instance>("unicast_peer", "{ ADDR [min_ttl N] [max_ttl N] ... }",
                    "Send adverts to these addresses instead of multicast."),
    later<Instance>("unicast_fault_no_peer", "", "FAULT when unicast settings name no peer."),
    later<Instance>("check_unicast_src", "[BOOL]", "Drop unicast adverts from unlisted sources."),
    later<Instance>("old_unicast_checksum", "[never]", "Use the unicast checksum before 1.3.6."),
    later<Instance>("native_ipv6", "", "Deprecated; forces the instance to IPv6."),
    later<Instance>("vrf", "NAME", "VRF for the sockets of an instance without interface."),
    later<Instance>("track_interface", "{ IF [weight N [reverse]] ... }", "Tracked interfaces."),
    later<Instance>("track_script", "{ SCRIPT [weight N [reverse|noreverse]] ... }",
                    "Tracked scripts."),
    later<Instance>("track_file", "{ FILE [weight N [reverse|noreverse]] ... }", "Tracked files."),
    later<Instance>("track_process", "{ PROCESS [weight N [reverse|noreverse]] ... }",
                    "Tracked processes."),
    later<Instance>("track_bfd", "{ BFD [weight N [reverse|noreverse]] ... }",
                    "Tracked BFD sessions."),
    later<Instance>("unicast_src_ip", "ADDR", "Source address of unicast adverts."),
    later<Instance>("mcast_dst_ip", "ADDR", "Multicast destination of this instance."),
    later<Instance>("track_src_ip", "", "FAULT while the source address is missing."),
    later<Instance>("unicast_ttl", "0-255", "TTL of unicast adverts."),
    later<Instance>("promote_secondaries", "", "Set promote_secondaries on the interface."),
    later<Instance>("linkbeat_use_polling", "", "Deprecated switch for polling the link."),
    later<Instance>("virtual_routes", "{ ROUTE-LINE ... }", "Routes present while Active."),
    later<Instance>("virtual_rules", "{ RULE-LINE ... }", "Policy rules present while Active."),
    later<Instance>("accept", "", "Accept traffic to the addresses while not owner."),
    later<Instance>("no_accept", "", "Drop traffic to the addresses while not owner."),
    later<Instance>("strict_mode", "[BOOL]", "Enforce the RFC for this instance."),
    later<Instance>("debug", "0-4", "Debug level."),
    later<Instance>("notify_deleted", "\"CMD\" [USER [GROUP]]", "Script on removal by reload."),
    later<Instance>("notify_master_rx_lower_pri", "\"CMD\" [USER [GROUP]]",
                    "Script when an Active router hears a lower priority."),
    later<Instance>("smtp_alert", "[BOOL]", "Mail on transitions."),
    later<Instance>("notify_priority_changes", "[BOOL]", "Report priority changes to FIFOs."),
    later<Instance>("lvs_sync_daemon_interface", "IF", "Deprecated form of lvs_sync_daemon."),
    later<Instance>("timer_expired_backup", "[1..254]", "A late nopreempt master becomes backup."),
    later<Instance>("thread_timer_expired", "[1..254]", "Deprecated: timer_expired_backup."),
    later<Instance>("garp_extra_if", "[all] SECS", "Periodic GARP on interfaces without adverts."),
    later<Instance>("vmac_garp_intvl", "[all] SECS", "Deprecated spelling of garp_extra_if."),
    later<Instance>("owner_ignore_adverts", "[BOOL]", "The address owner discards adverts."),
    later<Instance>("kernel_rx_buf_size", "BYTES", "Receive buffer of the advert socket."),
    later<Instance>("auth_hmac", "{ ... }", "HMAC-SHA256 trailer on adverts."),
};

void read_instance(const Statement& statement, VrrpConfig& config, Reader& reader) {
  if (statement.words.size() < 2) {
    reader.error(statement.place(), "'vrrp_instance' needs a name");
    return;
  }
  const std::string& name = statement.words[1].text;
  if (std::ranges::find(config.instances, name, &Instance::name) != config.instances.end()) {
    reader.error(statement.place(1), fmt::format("vrrp_instance '{}' is already defined", name));
    return;
  }
  if (!statement.has_block) {
    reader.error(statement.place(),
                 fmt::format("vrrp_instance {} has no block: '{{' is missing", name));
    return;
  }
  Instance instance;
  instance.name = name;
  instance.place = statement.place();
  config::read_block<Instance>(instance_schema, instance, statement.children, "vrrp_instance",
                               reader);
  if (complete(instance, config.globals, reader)) config.instances.push_back(std::move(instance));
}

}  // namespace

VrrpConfig read_vrrp(std::span<const Statement> tree, Reader& reader) {
  VrrpConfig config;
  config::Diagnostics globals_are_reported_by_the_supervisor;
  Reader quiet{globals_are_reported_by_the_supervisor};
  config.globals = config::read_globals(tree, quiet);
  for (const Statement& statement : tree)
    if (statement.keyword() == "vrrp_instance") read_instance(statement, config, reader);
  report_conflicts(config, reader);
  return config;
}

std::vector<config::KeywordInfo> describe_vrrp() {
  std::vector<config::KeywordInfo> all;
  config::describe<Instance>(instance_schema, "vrrp_instance", all);
  config::describe<Instance>(authentication_schema, "vrrp_instance/authentication", all);
  const auto later_in_block = [&](const char* block, std::initializer_list<const char*> keywords) {
    for (const char* keyword : keywords)
      all.push_back({block, keyword, "", "keepalived", "", false});
  };
  later_in_block("vrrp_instance/auth_hmac",
                 {"key", "active_key", "time_window", "anti_replay", "mode"});
  describe_address_line(all);
  return all;
}

}  // namespace holdfast::vrrp
