// The only place that knows what a vrrp_instance accepts: one row a keyword.
#include <algorithm>
#include <array>

#include "vrrp/config/address_line.h"
#include "vrrp/config/complete.h"
#include "vrrp/config/instance.h"

namespace holdfast::vrrp {
namespace {

using config::AnyWord;
using config::Boolean;
using config::Choice;
using config::field;
using config::part_field;
using config::pending;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Switch;

using std::string_view_literals::operator""sv;
constexpr std::array loss_words{"restore"sv, "backup"sv, "ignore"sv};
constexpr std::array state_words{"BACKUP"sv, "MASTER"sv};
/// @source keepalived: delays are read up to 2^32 us; a day is more than anybody means
constexpr Range delay{0, 86'400, "s"};
constexpr Range count{0, 1000};

/// The reader of a keyword that fills a part of the instance.
template <auto Part, auto Read>
void read_part(Instance& instance, const Row<Instance>&, const Statement& statement,
               Reader& reader) {
  Read(instance.*Part, statement, reader);
}

/// The addresses of an advert are of one family; keepalived ignores those of the other.
void read_addresses(Instance& instance, const Row<Instance>&, const Statement& statement,
                    Reader& reader) {
  for (const Statement& line : statement.children) {
    auto address = read_address_line(line, LineUse::instance, reader);
    if (!address) continue;
    if (!instance.addresses.empty() &&
        instance.addresses.front().address.family() != address->address.family())
      reader.warn(line.place(),
                  fmt::format("{} is not of the family of the first address; it is left out "
                              "(virtual_ipaddress_excluded takes both)",
                              address->address.to_string()));
    else
      instance.addresses.push_back(std::move(*address));
  }
}

void read_excluded(Instance& instance, const Row<Instance>&, const Statement& statement,
                   Reader& reader) {
  for (const Statement& line : statement.children)
    if (auto address = read_address_line(line, LineUse::instance, reader))
      instance.excluded.push_back(*address);
}

/// keepalived: one that cannot be read is 100, and not the owner's that a MASTER without any has.
void read_priority(Instance& instance, const Row<Instance>& self, const Statement& statement,
                   Reader& reader) {
  const auto plain =
      field<&Instance::configured_priority>(self.keyword, self.rule, self.source, self.meaning);
  instance.configured_priority = std::uint8_t{100};
  plain.read(instance, plain, statement, reader);
}

void read_routes(Instance& instance, const Row<Instance>&, const Statement& statement,
                 Reader& reader) {
  report_words_before_block(statement, reader);
  for (const Statement& line : statement.children)
    if (auto route = read_route_line(line, LineUse::instance, reader))
      instance.routes.push_back(std::move(*route));
}

void read_rules(Instance& instance, const Row<Instance>&, const Statement& statement,
                Reader& reader) {
  report_words_before_block(statement, reader);
  for (const Statement& line : statement.children)
    if (auto rule = read_rule_line(line, LineUse::instance, reader))
      instance.rules.push_back(std::move(*rule));
}

void read_mcast_dst(Instance& instance, const Row<Instance>&, const Statement& statement,
                    Reader& reader) {
  const auto address = config::read_address(statement, 1, reader);
  if (address && !address->is_multicast())
    reader.warn(statement.place(1), fmt::format("'{}' needs a multicast address, found '{}'",
                                                statement.keyword(), address->to_string()));
  else
    instance.mcast_dst_ip = address;
}

/// Without a number it is 254, the least skew.
/// Checked, and that is all.
void read_debug(Instance&, const Row<Instance>& self, const Statement& statement, Reader& reader) {
  if (config::read_number(statement, 1, self.rule, reader))
    reader.note(statement.place(), "'debug' does nothing, as in keepalived");
}

void read_timer_expired(Instance& instance, const Row<Instance>& self, const Statement& statement,
                        Reader& reader) {
  instance.timer_expired_backup = std::uint8_t{254};
  if (statement.words.size() < 2) return;
  if (const auto priority = config::read_number(statement, 1, self.rule, reader))
    instance.timer_expired_backup = static_cast<std::uint8_t>(*priority);
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
    field<&Instance::also_version_2>(
        "also_version_2", Switch{}, "Holdfast",
        "While routers of version 2 are replaced by ones of version 3 (RFC 9568 8.4): send each "
        "advert in version 2 as well, and take those of version 2, with the interval of whoever is "
        "Active. For version 3 over IPv4; take it out when the last one has been replaced."),
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
    field<&Instance::on_address_loss>(
        "on_address_loss", Choice{loss_words}, "Holdfast",
        "When another program removes an address, route or rule of an Active router: put it back "
        "at once, go to BACKUP as keepalived does, or leave it."),
    row<Instance>("notify_master", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script on becoming Active.", read_notify<Instance, &NotifyScripts::master>),
    row<Instance>("notify_backup", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script on becoming Backup.", read_notify<Instance, &NotifyScripts::backup>),
    row<Instance>("notify_fault", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script on entering FAULT.", read_notify<Instance, &NotifyScripts::fault>),
    row<Instance>("notify_stop", "\"CMD\" [USER [GROUP]]", "keepalived", "Script at stop.",
                  read_notify<Instance, &NotifyScripts::stop>),
    row<Instance>("notify", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script on every transition, with INSTANCE NAME STATE PRIORITY.",
                  read_notify<Instance, &NotifyScripts::any>),
    row<Instance>("use_vmac", "[[name] IF] [MAC] [netlink_notify_msg] [group G]", "RFC 9568 7.3",
                  "Adverts and addresses use a macvlan that holds the virtual MAC, named vrrp.VRID "
                  "by default; it is up while the instance is MASTER.",
                  read_part<&Instance::links, read_vmac>),
    part_field<&Instance::links, &VirtualLinks::vmac_for_addresses>(
        "use_vmac_addr", Switch{},
        "Addresses on other interfaces get a macvlan with the virtual MAC there."),
    part_field<&Instance::links, &VirtualLinks::send_from_base>(
        "vmac_xmit_base", Switch{},
        "Send adverts from the base interface although use_vmac is set."),
    row<Instance>("use_ipvlan", "[[name] IF] [ADDR[/M]] [bridge|private|vepa] [group G]",
                  "keepalived",
                  "Adverts and addresses use an ipvlan, which has the MAC of its base interface.",
                  read_part<&Instance::links, read_ipvlan>),
    row<Instance>("unicast_peer", "{ ADDR [min_ttl 0-255] [max_ttl 0-255] ... }", "keepalived",
                  "Send adverts to these addresses instead of multicast.",
                  read_part<&Instance::unicast, read_unicast_peers>),
    part_field<&Instance::unicast, &Unicast::fault_no_peer>(
        "unicast_fault_no_peer", Switch{}, "FAULT when unicast settings name no peer."),
    part_field<&Instance::unicast, &Unicast::check_source>(
        "check_unicast_src", Boolean{}, "Drop unicast adverts from unlisted sources."),
    row<Instance>("old_unicast_checksum", "[never]", "keepalived",
                  "Use the unicast checksum before 1.3.6; else what peers send tells.",
                  read_part<&Instance::unicast, read_old_checksum>),
    part_field<&Instance::unicast, &Unicast::source>("unicast_src_ip", config::Address{},
                                                     "Source address of unicast adverts."),
    part_field<&Instance::unicast, &Unicast::ttl>("unicast_ttl", Range{0, 255},
                                                  "TTL of unicast adverts."),
    field<&Instance::native_ipv6>("native_ipv6", Switch{}, "keepalived, deprecated",
                                  "Forces the instance to IPv6; addresses tell anyway."),
    field<&Instance::vrf>("vrf", AnyWord{}, "keepalived",
                          "VRF for the sockets of an instance without interface."),
    row<Instance>("track_interface", "{ IF [weight -253-253 [reverse]] ... }", "keepalived",
                  "Interfaces that must be up, or that have a weight.",
                  read_track<Instance, TrackKind::interface>),
    row<Instance>("track_script", "{ SCRIPT [weight -253-253 [reverse|noreverse]] ... }",
                  "keepalived", "Scripts that must succeed, or that have a weight.",
                  read_track<Instance, TrackKind::script>),
    row<Instance>("track_file", "{ FILE [weight -254-254 [reverse|noreverse]] ... }", "keepalived",
                  "Files whose number changes the priority.",
                  read_track<Instance, TrackKind::file>),
    row<Instance>("track_process", "{ PROCESS [weight -254-254 [reverse|noreverse]] ... }",
                  "keepalived", "Processes that must run, or that have a weight.",
                  read_track<Instance, TrackKind::process>),
    pending(row<Instance>("track_bfd", "{ BFD [weight -253-253 [reverse|noreverse]] ... }",
                          "keepalived", "BFD sessions that must be up, or that have a weight.",
                          read_track<Instance, TrackKind::bfd>)),
    Row<Instance>{"mcast_dst_ip",
                  config::Address{},
                  {},
                  "keepalived",
                  "Multicast destination of this instance.",
                  read_mcast_dst},
    field<&Instance::track_damping>(
        "track_damping", Range{0, 3600, "s"}, "Holdfast",
        "After a change of priority by trackers the next one waits for this long."),
    field<&Instance::track_src_ip>("track_src_ip", Switch{}, "keepalived",
                                   "FAULT while the source address is missing."),
    field<&Instance::promote_secondaries>(
        "promote_secondaries", Switch{}, "keepalived",
        "Set the interface's net.ipv4.conf setting of that name while the instance is configured: "
        "the kernel keeps the other addresses of a prefix when the first of them is removed."),
    field<&Instance::linkbeat_use_polling>(
        "linkbeat_use_polling", Switch{}, "keepalived, deprecated",
        "As linkbeat_interfaces, for the interface of the instance."),
    row<Instance>("virtual_routes", "{ ROUTE-LINE ... }", "keepalived",
                  "Routes present while Active.", read_routes),
    row<Instance>("virtual_rules", "{ RULE-LINE ... }", "keepalived",
                  "Policy rules present while Active.", read_rules),
    field<&Instance::accept>("accept", Switch{}, "RFC 9568 6.1",
                             "Take packets for the virtual addresses also where this router is not "
                             "their owner; the default without strict mode."),
    field<&Instance::accept>(
        "no_accept", Switch{false}, "RFC 9568 6.1",
        "Drop packets to and from the virtual addresses, neighbour discovery aside, unless the "
        "priority is 255. What is forwarded passes. IPVS services on them need nftables_priority "
        "100 or more."),
    field<&Instance::strict_mode>(
        "strict_mode", Boolean{}, "RFC 9568",
        "Hold to the RFCs of VRRP: what they do not allow (authentication, a preempt_delay, "
        "answers to adverts of lower priority, MASTER without priority 255) is "
        "reported and left out, and packets to the virtual addresses are dropped as by no_accept "
        "unless `accept` stands here. vrrp_strict is the default."),
    Row<Instance>{"debug", Range{0, 4}, "0-4", "keepalived",
                  "Does nothing, as in keepalived; -D and what `holdfast` shows tell more.",
                  read_debug},
    row<Instance>("notify_deleted", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script on removal by reload, which else is FAULT.",
                  read_notify<Instance, &NotifyScripts::deleted>),
    row<Instance>("notify_master_rx_lower_pri", "\"CMD\" [USER [GROUP]]", "keepalived",
                  "Script when an Active router hears another one of lower priority: at once, and "
                  "then every second while that one goes on.",
                  read_notify<Instance, &NotifyScripts::master_rx_lower_pri>),
    row<Instance>("notify_conflict", "\"CMD\" [USER [GROUP]]", "Holdfast",
                  "Script when two routers are Active at once, with INSTANCE NAME and CONFLICT "
                  "(another one that has to yield was heard), CONFLICT_WON (it has been silent for "
                  "its down interval) or CONFLICT_LOST (this one yields while it goes on), and the "
                  "priority.",
                  read_notify<Instance, &NotifyScripts::conflict>),
    field<&Instance::smtp_alert>("smtp_alert", Boolean{}, "keepalived",
                                 "Mail on transitions; smtp_alert_vrrp, else no by default."),
    field<&Instance::notify_priority_changes>("notify_priority_changes", Boolean{}, "keepalived",
                                              "Report priority changes to FIFOs."),
    field<&Instance::lvs_sync_daemon_interface>(
        "lvs_sync_daemon_interface", AnyWord{}, "keepalived, deprecated",
        "As lvs_sync_daemon with this interface and this instance, where that is not written."),
    Row<Instance>{"timer_expired_backup", Range{1, 254}, "[1-254]", "keepalived",
                  "An Active router with nopreempt whose timers ran late yields; the "
                  "number is the priority whose skew counts (254).",
                  read_timer_expired},
    Row<Instance>{"thread_timer_expired", Range{1, 254}, "[1-254]", "keepalived, deprecated",
                  "Old spelling of timer_expired_backup.", read_timer_expired},
    row<Instance>(
        "garp_extra_if", "[all] SECONDS (0-86400)", "keepalived",
        "Announce one address each SECONDS on every VMAC that holds addresses and sends no "
        "adverts, so that switches do not forget it; `all`: on every such interface; 0: "
        "never.",
        read_part<&Instance::garp_extra_if, read_extra_garp>),
    row<Instance>("vmac_garp_intvl", "[all] SECONDS (0-86400)", "keepalived, deprecated",
                  "Old spelling of garp_extra_if.",
                  read_part<&Instance::garp_extra_if, read_extra_garp>),
    field<&Instance::owner_ignore_adverts>("owner_ignore_adverts", Boolean{}, "keepalived",
                                           "The address owner discards adverts."),
    field<&Instance::kernel_rx_buf_size>("kernel_rx_buf_size", Range{0, 2'147'483'647},
                                         "keepalived",
                                         "Receive buffer of the advert socket, in bytes."),
    row<Instance>("auth_hmac", "{ key ... active_key ID ... }", "keepalived 2.4.0",
                  "HMAC-SHA256 trailer on adverts.", read_part<&Instance::hmac, read_hmac>),
};

}  // namespace

void read_instance(VrrpConfig& config, const Statement& block, Reader& reader) {
  if (block.words.size() < 2) {
    reader.error(block.place(), "'vrrp_instance' needs a name");
    return;
  }
  const std::string_view name = block.words[1].text;
  if (std::ranges::find(config.instances, name, &Instance::name) != config.instances.end()) {
    reader.error(block.place(1), fmt::format("vrrp_instance '{}' is already defined", name));
    return;
  }
  if (!block.has_block) {
    reader.error(block.place(),
                 fmt::format("vrrp_instance {} has no block: '{{' is missing", name));
    return;
  }
  Instance instance;
  instance.name = name;
  instance.place = block.place();
  for (const Statement& statement : block.children)
    instance.places.insert_or_assign(std::string{statement.keyword()}, statement.place(1));
  config::read_block<Instance>(instance_schema, instance, block.children, "vrrp_instance", reader);
  if (complete(instance, config.globals, reader)) config.instances.push_back(std::move(instance));
}

void describe_instance(std::vector<config::KeywordInfo>& out) {
  config::describe<Instance>(instance_schema, "vrrp_instance", out);
}

}  // namespace holdfast::vrrp
