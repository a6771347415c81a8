#include "vrrp/linux/iptables_rules.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace holdfast::vrrp {
namespace {

constexpr std::uint8_t listener_report_v2 = 143;  // RFC 3810 5.2
constexpr std::array<std::uint8_t, 4> silent_types{MLD_LISTENER_REPORT, MLD_LISTENER_REDUCTION,
                                                   ND_ROUTER_SOLICIT, listener_report_v2};
/// Behind the name of the first; in the order of IptablesSettings::sets.
constexpr std::array<std::string_view, 5> suffixes{"", "6", "_if6", "_igmp", "_mld"};
constexpr std::size_t listener_set = 4;
/// @source linux/netfilter/ipset/ip_set.h IPSET_MAXNAMELEN, with its NUL
constexpr std::size_t longest_set_name = 31;

bool has_family(FilterSet set, Family family) {
  if (set == FilterSet::silent) return true;
  return (set == FilterSet::vips4) == (family == Family::ipv4);
}

/// Neighbour discovery passes (RFC 9568 6.1), and an ACCEPT would pass it by the rules of others as
/// well: so what is dropped is anything else than ICMPv6, and ICMPv6 of other types.
void refuse(IptablesRule rule, Family family, std::vector<IptablesRule>& rules) {
  if (family == Family::ipv4) return rules.push_back(std::move(rule));
  rule.protocol = IPPROTO_ICMPV6;
  rule.but_protocol = true;
  rules.push_back(rule);
  rule.but_protocol = false;
  rule.but_types = {ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT};
  rules.push_back(std::move(rule));
}

void silence(IptablesRule rule, Family family, std::vector<IptablesRule>& rules) {
  rule.in = false;
  rule.protocol =
      family == Family::ipv4 ? std::uint8_t{IPPROTO_IGMP} : std::uint8_t{IPPROTO_ICMPV6};
  if (family == Family::ipv4) return rules.push_back(std::move(rule));
  for (const std::uint8_t type : silent_types) {
    rule.types = {type};
    rules.push_back(rule);
  }
}

void add_rules(const IptablesRule& rule, FilterSet set, const IptablesSettings& settings,
               Family family, std::vector<IptablesRule>& rules) {
  for (const bool in : {true, false}) {
    if ((in ? settings.in : settings.out).empty()) continue;
    IptablesRule one = rule;
    one.in = in;
    if (set != FilterSet::silent)
      refuse(std::move(one), family, rules);
    else if (!in)
      silence(std::move(one), family, rules);
  }
}

}  // namespace

std::vector<std::string> ipset_names(const std::vector<std::string>& configured) {
  std::vector<std::string> names = configured;
  if (names.empty()) names.emplace_back("holdfast");
  const std::string first = names.front();
  for (std::size_t i = names.size(); i < suffixes.size(); ++i)
    names.push_back(first.substr(0, longest_set_name - suffixes.at(i).size()) +
                    std::string{suffixes.at(i)});
  names.resize(suffixes.size());  // the sixth of keepalived is of rules that we do without
  return names;
}

std::string ipset_of(const IptablesSettings& settings, FilterSet set, Family family) {
  const bool listeners = set == FilterSet::silent && family == Family::ipv6;
  return settings.sets.at(listeners ? listener_set : static_cast<std::size_t>(set));
}

std::string ipset_entry(const FilterElement& element, Family family) {
  if (element.set == FilterSet::silent)
    return (family == Family::ipv4 ? "0.0.0.0/0," : "::/0,") + element.interface;
  if (element.set == FilterSet::link_local)
    return element.address.to_string() + "," + element.interface;
  return element.address.to_string();
}

std::vector<IptablesRule> iptables_rules(const IptablesSettings& settings, Family family,
                                         const FilterElements& elements) {
  std::vector<IptablesRule> rules;
  for (std::size_t i = 0; i < filter_sets; ++i) {
    const auto set = static_cast<FilterSet>(i);
    const bool any = std::ranges::any_of(
        elements, [&](const FilterElement& element) { return element.set == set; });
    if (!any || !has_family(set, family)) continue;
    IptablesRule rule;
    if (!settings.sets.empty()) {
      rule.set = ipset_of(settings, set, family);
      rule.set_of_interfaces = set == FilterSet::link_local || set == FilterSet::silent;
      add_rules(rule, set, settings, family, rules);
      continue;
    }
    for (const FilterElement& element : elements) {
      if (element.set != set) continue;
      rule.address = set == FilterSet::silent ? std::nullopt : std::optional{element.address};
      rule.interface = element.interface;
      add_rules(rule, set, settings, family, rules);
    }
  }
  return rules;
}

}  // namespace holdfast::vrrp
