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
     "Set of instances that static addresses, routes or rules can be tied to.", Owner::vrrp},
    {"static_ipaddress", "{ ADDRESS-LINE ... }",
     "Addresses kept configured independent of VRRP state.", Owner::vrrp},
    {"static_routes", "{ ROUTE-LINE ... }", "Routes kept configured independent of VRRP state.",
     Owner::vrrp},
    {"static_rules", "{ RULE-LINE ... }", "Policy rules kept configured independent of VRRP state.",
     Owner::vrrp},
    {"vrrp_sync_group", "NAME { ... }", "Instances that change state together.", Owner::vrrp},
    {"garp_group", "[NAME] { ... }", "Pacing of gratuitous ARP/NA for a set of interfaces.",
     Owner::vrrp},
    {"linkbeat_interfaces", "{ IF [MII|ETHTOOL|IOCTL] ... }",
     "Interfaces whose driver is asked each second whether there is a link, because it does not "
     "tell. By the named method, else by the first one that the driver has.",
     Owner::vrrp},
    {"vrrp_instance", "NAME { ... }", "One virtual router.", Owner::vrrp},
    {"vrrp_script", "NAME { ... }", "Periodically executed health script.", Owner::vrrp},
    {"vrrp_track_process", "NAME { ... }", "Process-count monitor.", Owner::vrrp},
    {"interface_up_down_delays", "{ IF DOWN [UP] ... } each 0..255 s",
     "Debounce timers for interface state changes.", Owner::vrrp},
    {"track_file", "NAME { ... }", "Numeric file monitor usable by vrrp and checkers.",
     Owner::everybody},
    {"vrrp_track_file", "NAME { ... }", "Numeric file monitor usable by vrrp and checkers.",
     Owner::everybody},
    {"bfd_instance", "NAME(<=31 chars) { ... }", "BFD session.", Owner::unsupported},
    {"SSL", "{ ... }", "Client certificate material for SSL_GET.", Owner::checkers},
    {"virtual_server_group", "NAME { ADDR[-RANGE|/MASK] [PORT] | fwmark N [inet|inet6] ... }",
     "Address set shared by one virtual_server.", Owner::checkers},
    {"virtual_server", "ADDR [PORT] | fwmark N | group NAME { ... }", "One IPVS service.",
     Owner::checkers},
});

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

std::vector<KeywordInfo> describe_later_blocks() { return describe_bfd(); }

}  // namespace holdfast::config
