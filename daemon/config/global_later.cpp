// global_defs: firewall and defaults of VRRP. What nothing acts on yet is pending.
#include <algorithm>
#include <array>

#include "daemon/config/global.h"

namespace holdfast::config {
namespace {

using Globals = GlobalDefs;
using Line = Row<GlobalDefs>;
using Vrrp = VrrpDefs;

/// @source keepalived: 32 bits of microseconds
constexpr Rule seconds = lenient(Range{0, 4294, "s"});
constexpr Rule hook_priority = lenient(Range{-2147483648.0, 2147483647});
constexpr Rule buffer_rule = lenient(Range{1, 2147483647});

// Firewall

void read_iptables(Globals& globals, const Line&, const Statement& statement, Reader&) {
  globals.firewall.iptables_in = statement.words.size() > 1 ? statement.words[1].text : "INPUT";
  globals.firewall.iptables_out = statement.words.size() > 2   ? statement.words[2].text
                                  : statement.words.size() > 1 ? ""
                                                               : "OUTPUT";
}

/// @source linux/netfilter/ipset/ip_set.h IPSET_MAXNAMELEN, with its NUL
constexpr std::size_t longest_set_name = 31;

void read_ipsets(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  constexpr std::size_t most = 6;
  globals.firewall.no_ipsets = statement.words.size() < 2;
  std::vector<std::string> names;
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const std::string_view name = statement.words[word].text;
    if (names.size() == most)
      return reader.warn(statement.place(word), "'vrrp_ipsets' takes at most 6 names");
    if (name.empty() || name.size() > longest_set_name)
      return reader.warn(statement.place(word),
                         fmt::format("'vrrp_ipsets' needs names of 1..{} characters, found '{}'",
                                     longest_set_name, name));
    if (std::ranges::find(names, name) != names.end())
      return reader.warn(statement.place(word),
                         fmt::format("'vrrp_ipsets' has '{}' twice; the names must differ", name));
    names.emplace_back(name);
  }
  globals.firewall.ipsets = std::move(names);
}

/// `[TABLE]`: the bare keyword is one that is named after the daemon.
template <auto Member>
void read_table(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  if (statement.words.size() < 2) {
    globals.firewall.*Member = "";
  } else if (auto name = read_word(statement, 1, reader)) {
    if (name->empty())
      reader.warn(statement.place(1),
                  fmt::format("'{}' needs a table name, found ''", statement.keyword()));
    else
      globals.firewall.*Member = std::move(*name);
  }
}

// VRRP

void read_dynamic_interfaces(Globals& globals, const Line&, const Statement& statement,
                             Reader& reader) {
  static constexpr std::array<std::string_view, 1> options{"allow_if_changes"};
  globals.vrrp.dynamic_interfaces = DynamicInterfaces::appear;
  if (statement.words.size() > 1 && read_choice(statement, 1, Choice{options}, reader))
    globals.vrrp.dynamic_interfaces = DynamicInterfaces::change_too;
}

void read_mcast_group6(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  const auto group = read_address(statement, 1, reader);
  if (!group) return;
  if (group->is_v6() && group->is_multicast())
    globals.vrrp.mcast_group6 = *group;
  else
    reader.warn(statement.place(1),
                fmt::format("'vrrp_mcast_group6' needs an IPv6 multicast address, found '{}'",
                            group->to_string()));
}

void read_extra_garp(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  const bool all = statement.words.size() > 1 && statement.words[1].text == "all";
  const auto interval = read_seconds(statement, all ? 2 : 1, lenient(Range{1, 86400, "s"}), reader);
  if (interval) globals.vrrp.extra_garp = {*interval, all};
}

void read_buffer_policy(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  using Policy = AdvertBuffers::Policy;
  AdvertBuffers& buffers = globals.vrrp.buffers;
  const std::string_view text = statement.words.size() > 1 ? statement.words[1].text : "";
  if (text == "MTU") {
    buffers.policy = Policy::mtu;
  } else if (text == "ADVERT") {
    buffers.policy = Policy::advert;
  } else if (text.empty() || (text[0] >= '0' && text[0] <= '9')) {
    const auto bytes = read_number(statement, 1, buffer_rule, reader);
    if (!bytes) return;
    buffers.policy = Policy::bytes;
    buffers.bytes = static_cast<std::uint32_t>(*bytes);
  } else {
    static constexpr std::array<std::string_view, 2> names{"MTU", "ADVERT"};
    reader.warn(statement.place(1),
                fmt::format("'{}' needs MTU, ADVERT or a number of bytes, "
                            "found '{}'{}",
                            statement.keyword(), text, did_you_mean(text, names)));
  }
}

/// @source linux/if.h IFNAMSIZ, with its NUL
constexpr std::size_t longest_interface_name = 15;

template <auto Member>
void read_prefix(Globals& globals, const Line&, const Statement& statement, Reader& reader) {
  const auto prefix = read_word(statement, 1, reader);
  if (!prefix) return;
  if (prefix->empty() || prefix->size() > longest_interface_name ||
      prefix->find('/') != std::string::npos)
    reader.warn(statement.place(1),
                fmt::format("'{}' needs the beginning of an interface name, found '{}'",
                            statement.keyword(), *prefix));
  else
    globals.vrrp.*Member = *prefix;
}

constexpr std::array rows{
    row<Globals>("dynamic_interfaces", "[allow_if_changes]", "keepalived",
                 "Interfaces may be missing at start, and may come back as another type.",
                 read_dynamic_interfaces),
    part_field<&Globals::vrrp, &Vrrp::default_interface>(
        "default_interface", AnyWord{}, "Interface of static addresses that name none."),
    part_field<&Globals::vrrp, &Vrrp::no_local_igmp>(
        "disable_local_igmp", Switch{},
        "Send no IGMP reports for groups of 224.0.0.0/24, such as that of the adverts."),
    row<Globals>("vrrp_mcast_group6", "IPV6", "RFC 9568 5.1.2.2",
                 "IPv6 group of advertisements; ff02::12 by default.", read_mcast_group6),
    part_field<&Globals::vrrp, &Vrrp::gna_interval>(
        "vrrp_gna_interval", seconds,
        "Gap between unsolicited neighbour advertisements on one interface."),
    row<Globals>(
        "vrrp_garp_extra_if", "[all] SECONDS (1-86400)", "keepalived",
        "Announce one address each SECONDS on every VMAC that holds addresses and sends no "
        "adverts; `all`: on every such interface.",
        read_extra_garp),
    row<Globals>("vrrp_vmac_garp_intvl", "[all] SECONDS (1-86400)", "keepalived, deprecated",
                 "Old spelling of vrrp_garp_extra_if.", read_extra_garp),
    part_field<&Globals::vrrp, &Vrrp::owner_ignore_adverts>(
        "vrrp_owner_ignore_adverts", Boolean{},
        "Instances of priority 255 discard the adverts that they receive."),
    part_field<&Globals::vrrp, &Vrrp::check_unicast_src>(
        "vrrp_check_unicast_src", Boolean{}, "Accept unicast adverts of listed peers only."),
    part_field<&Globals::vrrp, &Vrrp::strict>(
        "vrrp_strict", Boolean{},
        "Strict mode in every instance, unless its strict_mode says otherwise."),
    part_field<&Globals::vrrp, &Vrrp::notify_priority_changes>(
        "vrrp_notify_priority_changes", Boolean{},
        "Write changes of the effective priority to FIFOs."),
    part_field<&Globals::vrrp, &Vrrp::fifo_states_on_reload>(
        "fifo_write_vrrp_states_on_reload", Switch{},
        "Write every state to the FIFOs again after a reload."),
    row<Globals>("vrrp_rx_bufs_policy", "MTU | ADVERT | BYTES", "keepalived",
                 "What the receive buffers of adverts are sized by; the kernel decides by default.",
                 read_buffer_policy),
    row<Globals>("vrrp_rx_bufs_multiplier", "1-65535", "keepalived",
                 "How many MTUs or adverts fit into a buffer; 3 by default.",
                 [](Globals& globals, const Line&, const Statement& statement, Reader& reader) {
                   if (const auto times =
                           read_number(statement, 1, lenient(Range{1, 65535}), reader))
                     globals.vrrp.buffers.multiplier = static_cast<std::uint32_t>(*times);
                 }),
    part_field<&Globals::vrrp, &Vrrp::delay_after_boot>(
        "vrrp_delay_after_boot", seconds,
        "Hold instances back until the host has been up for this time; of this and "
        "vrrp_startup_delay the later one counts."),
    row<Globals>("vmac_prefix", "PREFIX", "keepalived",
                 "Beginning of the names of VMAC interfaces; vrrp by default.",
                 read_prefix<&Vrrp::vmac_prefix>),
    row<Globals>("vmac_addr_prefix", "PREFIX", "keepalived",
                 "The same for VMACs of single addresses; vmac_prefix by default.",
                 read_prefix<&Vrrp::vmac_addr_prefix>),
    row<Globals>("vrrp_iptables", "[INCHAIN [OUTCHAIN]]", "keepalived",
                 "Chains of iptables for the rules of no_accept; INPUT and OUTPUT when "
                 "bare. Where nftables is given, or iptables writes nftables itself, nftables is "
                 "used.",
                 read_iptables),
    row<Globals>("vrrp_ipsets", "[NAME1 [NAME2 .. NAME6]]", "keepalived",
                 "Names of the sets that the rules of iptables use: for IPv4, IPv6 and link-local "
                 "addresses; the default name of nftables and what follows from it by default. "
                 "Further names, of sets for IGMP and MLD, are not needed: the VMAC of a Backup "
                 "Router is down. Bare: a rule for each address and no set.",
                 read_ipsets),
    row<Globals>("nftables", "[TABLE]", "keepalived",
                 "Table of the inet family for the rules of no_accept; by default holdfast, and "
                 "holdfast_N (N is made from the name of the pid file) where the pid file is "
                 "not the usual one, so that two daemons in one network namespace have two.",
                 read_table<&FirewallDefs::table>),
    part_field<&Globals::firewall, &FirewallDefs::priority>(
        "nftables_priority", hook_priority, "Priority of the hooks of the VRRP chains; -1."),
    part_field<&Globals::firewall, &FirewallDefs::by_index>(
        "nftables_ifindex", Switch{}, "Match interfaces by number instead of name."),
    part_field<&Globals::firewall, &FirewallDefs::counters>(
        "nftables_counters", Switch{},
        "Count what each rule drops, and what each of nftables_ipvs marks (`nft list table`)."),
    row<Globals>(
        "nftables_ipvs", "[TABLE]", "keepalived",
        "Make a virtual_server of a group one IPVS service of a firewall mark, however many "
        "addresses the group has, and have nftables mark the packets to them: one mark for each "
        "group and protocol. Groups with fwmark lines stay as they are. The table, of the families "
        "ip and ip6, is keepalived_ipvs by default, and keepalived_ipvs_N (N is made from the name "
        "of the pid file) where the pid file is not the usual one; one of that name that is there "
        "is replaced. A group keeps its mark over reloads and crashes; to turn this on or off by a "
        "reload cuts the open connections of groups. What the director itself sends gets no mark. "
        "Where the kernel has no nftables, each address is a service as without this keyword.",
        read_table<&FirewallDefs::ipvs_table>),
    part_field<&Globals::firewall, &FirewallDefs::ipvs_priority>(
        "nftables_ipvs_priority", hook_priority,
        "Priority of the input hook that sets marks; -1. IPVS works at 98, so it is less."),
    part_field<&Globals::firewall, &FirewallDefs::ipvs_first_mark>(
        "nftables_ipvs_start_fwmark", lenient(Range{1, 4294967295.0}),
        "First mark that is given, 1000 by default; the next groups get the next ones. Marks that "
        "the configuration uses, or a service of another program has, are passed over. A reload "
        "changes the marks of new groups only."),
};

}  // namespace

std::span<const Row<GlobalDefs>> global_later_rows() { return rows; }

}  // namespace holdfast::config
