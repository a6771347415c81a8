// Routes and policy rules as the kernel identifies them, and the requests that add and remove them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/netlink/socket.h"
#include "vrrp/config/route.h"
#include "vrrp/core/wanted.h"

struct nlmsghdr;

namespace holdfast::vrrp {

/// Identity of a route in the kernel. Routes of one key that differ in their gateway are one object
/// here: write them as nexthops of one line.
struct RouteKey {
  Family family = Family::ipv4;
  std::uint32_t table = main_table;
  Prefix destination;
  Prefix source;  ///< IPv6 `from`; length 0: any
  std::uint8_t tos = 0;
  std::uint32_t metric = 0;
  std::uint8_t protocol = keepalived_protocol;
  auto operator<=>(const RouteKey&) const = default;
};

/// A line with the interfaces that it names, as they are now.
struct RouteSettings {
  Route route;                          ///< every name is a number
  std::uint32_t interface = 0;          ///< index; 0: none is named
  std::vector<std::uint32_t> nexthops;  ///< indexes, as route.nexthops
  bool operator==(const RouteSettings&) const = default;
};

/// Everything that a rule is: the kernel has no other identity for it.
struct RuleKey {
  Family family = Family::ipv4;
  std::uint32_t priority = 0;
  std::uint8_t action = 0;  ///< @source linux/fib_rules.h FR_ACT_*
  bool invert = false, l3mdev = false;
  std::uint32_t table = 0, go_to = 0;
  Prefix from, to;  ///< length 0: all
  std::uint8_t tos = 0;
  std::string input, output;
  std::uint32_t mark = 0, mask = 0, realms = 0;
  std::uint64_t tunnel_id = 0;
  std::optional<std::uint32_t> suppress_prefix_length, suppress_group;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> uids;
  std::uint8_t protocol = keepalived_protocol, ip_protocol = 0;
  std::pair<std::uint16_t, std::uint16_t> source_ports{}, destination_ports{};
  auto operator<=>(const RuleKey&) const = default;
};
/// A rule is its key.
struct RuleSettings {
  bool operator==(const RuleSettings&) const = default;
};

using RouteChange = Change<RouteKey, RouteSettings>;
using RuleChange = Change<RuleKey, RuleSettings>;

/// As written, else that of its addresses, else IPv4.
Family family_of(const Route& route);
Family family_of(const PolicyRule& rule);
/// @pre every name is a number
RouteKey key_of(const Route& route);
/// @param default_priority for a rule without one
RuleKey key_of(const PolicyRule& rule, std::uint32_t default_priority);

netlink::Message request_for(const RouteChange& change);
netlink::Message request_for(const RuleChange& change);
/// "route 192.0.2.0/24 table 100", "rule 100 from 192.0.2.1/32 table 5"
std::string describe(const RouteKey& key);
std::string describe(const RuleKey& key);

/// Nothing for another kind of message, or one that we would not make.
std::optional<RouteKey> parse_route(const nlmsghdr& message);
std::optional<RuleKey> parse_rule(const nlmsghdr& message);

}  // namespace holdfast::vrrp
