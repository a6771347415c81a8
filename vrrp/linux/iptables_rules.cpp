#include "vrrp/linux/iptables_rules.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace holdfast::vrrp {
namespace {

/// Behind the name of the first; in the order of IptablesSettings::sets.
constexpr std::array<std::string_view, filter_sets> suffixes{"", "6", "_if6"};
/// @source linux/netfilter/ipset/ip_set.h IPSET_MAXNAMELEN, with its NUL
constexpr std::size_t longest_set_name = 31;

bool has_family(FilterSet set, Family family) {
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

void add_rules(const IptablesRule& rule, const IptablesSettings& settings, Family family,
               std::vector<IptablesRule>& rules) {
  for (const bool in : {true, false}) {
    if ((in ? settings.in : settings.out).empty()) continue;
    IptablesRule one = rule;
    one.in = in;
    refuse(std::move(one), family, rules);
  }
}

}  // namespace

std::vector<std::string> ipset_names(const std::vector<std::string>& configured) {
  std::vector<std::string> names = configured;
  const std::string first = names.front();
  for (std::size_t i = names.size(); i < suffixes.size(); ++i)
    names.push_back(first.substr(0, longest_set_name - suffixes.at(i).size()) +
                    std::string{suffixes.at(i)});
  names.resize(suffixes.size());  // the others of keepalived are of rules that we do without
  return names;
}

std::string ipset_entry(const FilterElement& element) {
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
      rule.set = settings.sets.at(i);
      rule.set_of_interfaces = set == FilterSet::link_local;
      add_rules(rule, settings, family, rules);
      continue;
    }
    for (const FilterElement& element : elements) {
      if (element.set != set) continue;
      rule.address = element.address;
      rule.interface = element.interface;
      add_rules(rule, settings, family, rules);
    }
  }
  return rules;
}

}  // namespace holdfast::vrrp
