// Routes and policy rules as virtual_routes, virtual_rules, static_routes and static_rules have
// them, one line each (keywords.tsv of the reference, <route line> and <rule line>).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/schema.h"
#include "vrrp/config/words.h"

namespace holdfast::vrrp {

/// @source linux/rtnetlink.h RTPROT_KEEPALIVED
inline constexpr std::uint32_t keepalived_protocol = 18;
/// @source linux/rtnetlink.h RT_TABLE_MAIN
inline constexpr std::uint32_t main_table = 254;

/// @source linux/rtnetlink.h RTN_*; the numbers are the kernel's
enum class RouteType : std::uint8_t {
  unicast = 1,
  local,
  broadcast,
  anycast,
  multicast,
  blackhole,
  unreachable,
  prohibit,
  throw_,
  nat,
  xresolve
};

/// `[SRC/]DST`
struct Realms {
  std::optional<Id> source;
  Id destination;
  bool operator==(const Realms&) const = default;
};

/// `encap KIND ...`: a tunnel that needs no interface.
struct Encap {
  enum class Kind : std::uint8_t { ip, ip6, mpls, ila };
  Kind kind = Kind::ip;
  std::uint64_t id = 0;
  std::optional<IpAddress> source, destination;  ///< ip and ip6 need a destination
  std::optional<std::uint8_t> tos, ttl;          ///< for ip6 traffic class and hop limit
  std::vector<std::uint32_t> labels;             ///< mpls, 20 bits each
  std::uint64_t locator = 0;                     ///< ila
  bool operator==(const Encap&) const = default;
};

/// A metric; the kernel leaves a locked one alone.
struct Metric {
  std::uint32_t value = 0;
  bool locked = false;
  bool operator==(const Metric&) const = default;
};

/// @source linux/rtnetlink.h RTAX_*
struct RouteMetrics {
  std::optional<Metric> mtu, advmss, rtt, rttvar, reordering, cwnd, ssthresh;
  std::optional<Metric> rto_min;  ///< milliseconds
  std::optional<std::uint32_t> hoplimit, window, initcwnd, initrwnd;
  std::optional<bool> quickack, fastopen_no_cookie;
  bool ecn = false;                ///< `features ecn`
  std::string congestion_control;  ///< `congctl`
  bool congestion_control_locked = false;
  bool operator==(const RouteMetrics&) const = default;
};

/// `nexthop via ADDR dev IF weight 1-256 onlink encap ... realms ...`
struct NextHop {
  std::optional<IpAddress> via;
  std::string interface;
  std::uint16_t weight = 1;  ///< 1..256
  bool onlink = false;
  std::optional<Encap> encap;
  std::optional<Realms> realms;
  bool operator==(const NextHop&) const = default;
};

enum class RoutePreference : std::uint8_t { low, medium, high };
/// How the kernel treats a route that is there already.
enum class RouteInsertion : std::uint8_t { replace, add, prepend, append };

struct Route {
  std::optional<Family> family;       ///< written as inet or inet6
  std::optional<Prefix> destination;  ///< empty with is_default
  bool is_default = false;            ///< `default`, `any`, `all`: everything of its family
  RouteType type = RouteType::unicast;
  std::optional<IpAddress> source;  ///< `src`: preferred source
  std::optional<IpAddress> via;
  std::optional<IpAddress> second_via;  ///< `or`
  std::optional<Prefix> from;           ///< IPv6: sources it is for
  Id tos;
  Id table{main_table, {}};
  Id protocol{keepalived_protocol, {}};
  std::optional<Id> scope;  ///< default: by type
  std::uint32_t metric = 0;
  std::string interface;
  bool onlink = false;
  std::optional<Encap> encap;
  std::optional<std::chrono::seconds> expires;
  RouteMetrics metrics;
  std::optional<Realms> realms;
  std::optional<RoutePreference> preference;
  std::optional<bool> ttl_propagate;
  RouteInsertion insertion = RouteInsertion::replace;
  std::string vrf;
  std::vector<NextHop> nexthops;
  bool no_track = false;    ///< do not act when others remove it
  std::string track_group;  ///< static routes only
  bool operator==(const Route&) const = default;
};

/// What a rule does with a packet that it selects.
enum class RuleAction : std::uint8_t { table, go_to, nop, blackhole, unreachable, prohibit };

struct Range32 {
  std::uint32_t low = 0, high = 0;
  bool operator==(const Range32&) const = default;
};

struct PolicyRule {
  std::optional<Family> family;
  std::optional<Prefix> from, to;  ///< empty: all
  bool invert = false;             ///< `not`
  std::optional<Id> table;
  bool l3mdev = false;  ///< table of the interface's l3mdev
  RuleAction action = RuleAction::table;
  std::uint32_t goto_priority = 0;
  std::optional<std::uint32_t> priority;  ///< default: assigned, descending
  Id tos;
  std::optional<std::uint32_t> fwmark, fwmark_mask;
  std::optional<Realms> realms;
  std::optional<std::uint32_t> suppress_prefix_length;
  std::optional<Id> suppress_group;
  std::string input, output;  ///< interfaces
  std::optional<std::uint64_t> tunnel_id;
  std::optional<Range32> uids;
  Id protocol{keepalived_protocol, {}};  ///< who made the rule
  std::optional<Id> ip_protocol;         ///< which packets it selects
  std::optional<Range32> source_ports, destination_ports;
  bool no_track = false;
  std::string track_group;  ///< static rules only
  bool operator==(const PolicyRule&) const = default;
};

/// Nothing when the line cannot be used; the reason has been reported.
std::optional<Route> read_route_line(const config::Statement& line, LineUse use, config::Reader&);
std::optional<PolicyRule> read_rule_line(const config::Statement& line, LineUse use,
                                         config::Reader&);
void describe_route_line(std::vector<config::KeywordInfo>& out);
void describe_rule_line(std::vector<config::KeywordInfo>& out);

// Parts that lines share. `word` is that of the option.
std::optional<Realms> read_realms(const config::Statement& option, config::Reader&);
/// How many words `encap KIND ...` takes, and its value.
std::size_t encap_words(std::span<const config::Word> rest);
std::optional<Encap> read_encap(const config::Statement& option, config::Reader&);
/// The rest of the line behind `nexthop`: one or several.
void read_nexthops(std::vector<NextHop>& out, const config::Statement& option, config::Reader&);
/// `option ADDRESS`, `option [inet|inet6] ADDRESS`
std::optional<IpAddress> read_gateway(const config::Statement& option, config::Reader&);

}  // namespace holdfast::vrrp
