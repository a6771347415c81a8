// The rules of iptables that the packet filter needs, as values. Sends nothing: iptables_filter.h
// does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vrrp/core/filter.h"

namespace holdfast::vrrp {

struct IptablesSettings {
  std::string name = "holdfast";             ///< in the comment that our rules carry
  std::string in = "INPUT", out = "OUTPUT";  ///< chains of the table filter; empty: none
  /// Names of ipsets in the order of FilterSet; empty: a rule for each address.
  std::vector<std::string> sets;
  bool operator==(const IptablesSettings&) const = default;
};

/// The names that follow from the first ones, at least one: with its suffix each.
std::vector<std::string> ipset_names(const std::vector<std::string>& configured);

/// A rule that drops.
struct IptablesRule {
  bool in = true;                  ///< in the chain for packets that come
  std::string set;                 ///< members are meant; empty: `address` and `interface`
  bool set_of_interfaces = false;  ///< its members are an address and an interface
  std::optional<IpAddress> address;
  std::string interface;
  std::uint8_t protocol = 0;            ///< 0: any
  bool but_protocol = false;            ///< any other than `protocol`
  std::vector<std::uint8_t> but_types;  ///< ICMPv6: none of these
  bool operator==(const IptablesRule&) const = default;
};

/// Those of one family, in order. With sets there is a rule for each set that has elements.
std::vector<IptablesRule> iptables_rules(const IptablesSettings& settings, Family family,
                                         const FilterElements& elements);

/// The text of an element in its ipset.
std::string ipset_entry(const FilterElement& element);

}  // namespace holdfast::vrrp
