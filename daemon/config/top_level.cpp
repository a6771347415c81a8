// The top-level blocks, who owns them, and the keywords inside those that nobody reads yet. The
// settings outside blocks are in root.cpp.
#include <algorithm>
#include <array>

#include "daemon/config/bfd.h"
#include "daemon/config/global.h"
#include "daemon/config/root.h"

namespace holdfast::config {
namespace {

struct TopLevel {
  std::string_view keyword, arguments, meaning;
  Owner owner;
};

constexpr auto top_level = std::to_array<TopLevel>({
    {"global_defs", "{ ... }", "Daemon-wide settings.", Owner::everybody},
    {"track_group", "NAME { ... }",
     "Set of instances that static addresses, routes or rules can be tied to.", Owner::unsupported},
    {"static_ipaddress", "{ ADDRESS-LINE ... }",
     "Addresses kept configured independent of VRRP state.", Owner::unsupported},
    {"static_routes", "{ ROUTE-LINE ... }", "Routes kept configured independent of VRRP state.",
     Owner::unsupported},
    {"static_rules", "{ RULE-LINE ... }", "Policy rules kept configured independent of VRRP state.",
     Owner::unsupported},
    {"vrrp_sync_group", "NAME { ... }", "Instances that change state together.",
     Owner::unsupported},
    {"garp_group", "[NAME] { ... }", "Pacing of gratuitous ARP/NA for a set of interfaces.",
     Owner::unsupported},
    {"linkbeat_interfaces", "{ IF [MII|ETHTOOL|IOCTL] ... }",
     "Interfaces whose link state is polled each second.", Owner::unsupported},
    {"vrrp_instance", "NAME { ... }", "One virtual router.", Owner::vrrp},
    {"vrrp_script", "NAME { ... }", "Periodically executed health script.", Owner::unsupported},
    {"vrrp_track_process", "NAME { ... }", "Process-count monitor.", Owner::unsupported},
    {"interface_up_down_delays", "{ IF DOWN [UP] ... } each 0..255 s",
     "Debounce timers for interface state changes.", Owner::unsupported},
    {"track_file", "NAME { ... }", "Numeric file monitor usable by vrrp and checkers.",
     Owner::unsupported},
    {"vrrp_track_file", "NAME { ... }", "Numeric file monitor usable by vrrp and checkers.",
     Owner::unsupported},
    {"bfd_instance", "NAME(<=31 chars) { ... }", "BFD session.", Owner::unsupported},
    {"SSL", "{ ... }", "Client certificate material for SSL_GET.", Owner::unsupported},
    {"virtual_server_group", "NAME { ADDR[-RANGE|/MASK] [PORT] | fwmark N [inet|inet6] ... }",
     "Address set shared by one virtual_server.", Owner::unsupported},
    {"virtual_server", "ADDR [PORT] | fwmark N | group NAME { ... }", "One IPVS service.",
     Owner::checkers},
});

/// The keywords of a block that no process reads yet. The process that learns to read it takes
/// them into its schema and removes them here.
struct LaterBlock {
  std::string_view block, keywords;  ///< separated by one blank
};

constexpr auto later_blocks = std::to_array<LaterBlock>({
    {"<route line>",
     "inet inet6 type to src via gw or from tos dsfield table protocol scope metric "
     "priority preference dev oif onlink encap expires mtu advmss rtt rttvar reordering "
     "cwnd ssthresh hoplimit window initcwnd initrwnd rto_min realms features quickack "
     "congctl pref ttl-propagate fastopen_no_cookie add prepend append vrf nexthop "
     "no_track track_group"},
    {"<rule line>",
     "inet inet6 from to table lookup not preference order priority tos dsfield fwmark "
     "realms suppress_prefixlength sup_pl suppress_ifgroup sup_group dev iif oif tunnel-id "
     "uidrange l3mdev protocol ipproto sport dport goto nop blackhole "
     "unreachable prohibit no_track track_group"},
});

void describe_later(const LaterBlock& later, std::vector<KeywordInfo>& out) {
  for (std::string_view rest = later.keywords; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    out.push_back({std::string{later.block}, std::string{word}, "", "keepalived", "", false});
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
}

}  // namespace

Owner owner_of(std::string_view keyword) {
  const auto found = std::ranges::find(top_level, keyword, &TopLevel::keyword);
  if (found != top_level.end()) return found->owner;
  for (const Row<RootDefs>& row : root_schema())
    if (row.keyword == keyword) return row.built ? Owner::supervisor : Owner::unsupported;
  return Owner::nobody;
}

std::vector<KeywordInfo> describe_top_level() {
  std::vector<KeywordInfo> all;
  for (const TopLevel& known : top_level)
    all.push_back({"(root)", std::string{known.keyword}, std::string{known.arguments}, "keepalived",
                   std::string{known.meaning}, known.owner != Owner::unsupported});
  describe<RootDefs>(root_schema(), "(root)", all);
  return all;
}

std::vector<KeywordInfo> describe_later_blocks() {
  std::vector<KeywordInfo> all = describe_bfd();
  for (const LaterBlock& later : later_blocks) describe_later(later, all);
  return all;
}

}  // namespace holdfast::config
