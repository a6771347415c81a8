// One line of virtual_routes or static_routes.
#include <algorithm>
#include <array>

#include "vrrp/config/line_option.h"
#include "vrrp/config/route.h"
#include "vrrp/config/route_names.h"

namespace holdfast::vrrp {
namespace {

using config::field;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Switch;
using std::string_view_literals::operator""sv;

constexpr std::uint32_t any_number = 0xFFFF'FFFF;
constexpr std::uint32_t one_byte = 255;

/// In the order of RouteType, from 1.
constexpr std::array type_words{"unicast"sv,   "local"sv,     "broadcast"sv,   "anycast"sv,
                                "multicast"sv, "blackhole"sv, "unreachable"sv, "prohibit"sv,
                                "throw"sv,     "nat"sv,       "xresolve"sv};
constexpr std::array preference_words{"low"sv, "medium"sv, "high"sv};
constexpr std::array propagate_words{"disabled"sv, "enabled"sv};
constexpr std::array bit_words{"0"sv, "1"sv};
constexpr std::array feature_words{"ecn"sv};

using Option = LineOption<Route>;
using Read = void (*)(Route&, const Row<Route>&, const Statement&, Reader&);

constexpr Row<Route> line_row(std::string_view keyword, std::string_view arguments,
                              std::string_view meaning, Read read) {
  return row<Route>(keyword, arguments, "keepalived", meaning, read);
}
/// A second spelling that is no longer written.
constexpr Row<Route> old_spelling(std::string_view keyword, std::string_view arguments,
                                  std::string_view meaning, Read read) {
  return row<Route>(keyword, arguments, "keepalived, deprecated", meaning, read);
}

bool is_type(std::string_view word) {
  return std::ranges::find(type_words, word) != type_words.end();
}

void read_type(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (const auto type = config::read_choice(option, 1, config::Choice{type_words}, reader))
    route.type = static_cast<RouteType>(*type + 1);
}

void read_destination(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (option.words.size() < 2) {
    config::read_word(option, 1, reader);
    return;
  }
  const std::string_view text = option.words[1].text;
  if (text == "default6") {
    reader.note(option.place(1), "'default6' is deprecated: write 'inet6 default'");
    route.family = Family::ipv6;
  }
  route.is_default = text == "default" || text == "any" || text == "all" || text == "default6";
  if (route.is_default) return;
  route.destination = parse_prefix(text);
  if (!route.destination)
    reader.warn(option.place(1),
                fmt::format("'{}' is neither a prefix such as 192.0.2.0/24 nor 'default'", text));
}

template <std::optional<IpAddress> Route::* Member>
void read_route_address(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (const auto address = read_gateway(option, reader)) route.*Member = address;
}

void read_from(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  const auto text = config::read_word(option, 1, reader);
  if (!text) return;
  route.from = parse_prefix(*text);
  if (!route.from) reader.warn(option.place(1), fmt::format("'{}' is not a prefix", *text));
}

void read_tos(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (const auto tos = read_id(option, 1, {}, one_byte, reader)) route.tos = *tos;
}
void read_table(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (const auto table = read_id(option, 1, table_names, any_number, reader)) route.table = *table;
}
void read_protocol(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (const auto id = read_id(option, 1, protocol_names, one_byte, reader)) route.protocol = *id;
}
void read_scope(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (const auto scope = read_id(option, 1, scope_names, one_byte, reader)) route.scope = scope;
}
void read_interface_of(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (auto name = read_interface(option, 1, reader)) route.interface = std::move(*name);
}
void read_route_encap(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  route.encap = read_encap(option, reader);
}
void read_route_realms(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  route.realms = read_realms(option, reader);
}
void read_expires(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (const auto number = read_c_number(option, 1, any_number, reader))
    route.expires = std::chrono::seconds{static_cast<std::int64_t>(*number)};
}

template <std::optional<Metric> RouteMetrics::* Member>
void read_metric(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  const bool locked = words_with_lock(option.words) == 3;
  if (const auto number = read_c_number(option, locked ? 2 : 1, any_number, reader))
    route.metrics.*Member = Metric{static_cast<std::uint32_t>(*number), locked};
}

/// `rto_min [lock] TIME`: milliseconds, or with a unit, s or ms.
void read_rto_min(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  const bool locked = words_with_lock(option.words) == 3;
  const std::size_t word = locked ? 2 : 1;
  std::vector<config::Word> words{option.words.begin(), option.words.end()};
  std::uint64_t unit = 1;
  if (word < words.size()) {
    std::string_view& text = words[word].text;
    if (text.ends_with("ms")) {
      text.remove_suffix(2);
    } else if (text.ends_with('s')) {
      text.remove_suffix(1);
      unit = 1000;
    }
  }
  const config::Composed number{std::move(words), option.line};
  if (const auto time = read_c_number(number, word, any_number / unit, reader))
    route.metrics.rto_min = Metric{static_cast<std::uint32_t>(*time * unit), locked};
}

void read_congctl(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  const bool locked = words_with_lock(option.words) == 3;
  if (auto name = config::read_word(option, locked ? 2 : 1, reader)) {
    route.metrics.congestion_control = std::move(*name);
    route.metrics.congestion_control_locked = locked;
  }
}

void read_features(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (config::read_choice(option, 1, config::Choice{feature_words}, reader))
    route.metrics.ecn = true;
}

void read_quickack(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (const auto bit = config::read_choice(option, 1, config::Choice{bit_words}, reader))
    route.metrics.quickack = *bit == 1;
}

/// Bare, or with 0 or 1 as iproute2 has it.
std::size_t words_with_bit(std::span<const config::Word> rest) {
  return rest.size() > 1 && (rest[1].text == "0" || rest[1].text == "1") ? 2 : 1;
}
void read_fastopen(Route& route, const Row<Route>&, const Statement& option, Reader&) {
  route.metrics.fastopen_no_cookie = option.words.size() < 2 || option.words[1].text == "1";
}

void read_propagate(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  if (const auto choice = config::read_choice(option, 1, config::Choice{propagate_words}, reader))
    route.ttl_propagate = *choice == 1;
}

template <RouteInsertion Way>
void read_insertion(Route& route, const Row<Route>&, const Statement&, Reader&) {
  route.insertion = Way;
}

void read_route_nexthops(Route& route, const Row<Route>&, const Statement& option, Reader& reader) {
  read_nexthops(route.nexthops, option, reader);
}

template <std::optional<Metric> RouteMetrics::* Member>
constexpr Option lockable(std::string_view keyword, std::string_view meaning) {
  return {line_row(keyword, "[lock] N", meaning, read_metric<Member>), words_with_lock};
}
template <auto Member>
constexpr Option number_metric(std::string_view keyword, config::Rule rule,
                               std::string_view meaning) {
  return {config::part_field<&Route::metrics, Member>(keyword, rule, meaning)};
}
constexpr Range unsigned32{0, 4'294'967'295.0};

constexpr std::array options{
    Option{line_row("inet", "", "The route is IPv4.", read_family<Route>), one_word},
    Option{line_row("inet6", "", "The route is IPv6.", read_family<Route>), one_word},
    Option{line_row("type",
                    "unicast|local|broadcast|anycast|multicast|throw|unreachable|prohibit|"
                    "blackhole|nat|xresolve",
                    "What happens to packets; the word itself can be left out.", read_type)},
    Option{line_row("to", "PREFIX|default|any|all", "Destination; the word can be left out.",
                    read_destination)},
    Option{line_row("src", "ADDR", "Source address that is preferred.",
                    read_route_address<&Route::source>)},
    Option{line_row("via", "[inet|inet6] ADDR", "Gateway, of the other family too.",
                    read_route_address<&Route::via>),
           words_with_family},
    Option{old_spelling("gw", "[inet|inet6] ADDR", "write 'via'.", read_route_address<&Route::via>),
           words_with_family},
    Option{old_spelling("or", "ADDR", "a second gateway; write two nexthops.",
                        read_route_address<&Route::second_via>)},
    Option{line_row("from", "PREFIX", "Sources that the route is for (IPv6).", read_from)},
    Option{line_row("tos", "N|NAME", "Type of service.", read_tos)},
    Option{line_row("dsfield", "N|NAME", "Other spelling of tos.", read_tos)},
    Option{line_row("table", "N|NAME", "Routing table; main by default.", read_table)},
    Option{line_row("protocol", "N|NAME", "Who made the route; keepalived (18) by default.",
                    read_protocol)},
    Option{line_row("scope", "N|NAME", "How far the destination is; by type.", read_scope)},
    Option{field<&Route::metric>("metric", unsigned32, "keepalived",
                                 "The least one wins among equal routes.")},
    Option{
        field<&Route::metric>("priority", unsigned32, "keepalived", "Other spelling of metric.")},
    Option{
        field<&Route::metric>("preference", unsigned32, "keepalived", "Other spelling of metric.")},
    Option{line_row("dev", "IF", "Interface.", read_interface_of)},
    Option{line_row("oif", "IF", "Other spelling of dev.", read_interface_of)},
    Option{field<&Route::onlink>("onlink", Switch{}, "keepalived",
                                 "The gateway is on the link, whatever addresses say.")},
    Option{line_row("encap",
                    "ip [id N] [src A] dst A [tos N] [ttl N]|ip6 [id N] [src A] dst A [tc N] "
                    "[hoplimit N]|mpls LABEL[/LABEL]|ila LOCATOR",
                    "Tunnel without an interface.", read_route_encap),
           encap_words},
    Option{line_row("expires", "SECONDS", "Lifetime of an IPv6 route.", read_expires)},
    lockable<&RouteMetrics::mtu>("mtu", "Largest packet, in bytes."),
    lockable<&RouteMetrics::advmss>("advmss", "Segment size that TCP announces, in bytes."),
    lockable<&RouteMetrics::rtt>("rtt", "First guess of the round trip time."),
    lockable<&RouteMetrics::rttvar>("rttvar", "First guess of its variance."),
    lockable<&RouteMetrics::reordering>("reordering", "Reordering that TCP expects."),
    lockable<&RouteMetrics::cwnd>("cwnd", "Largest congestion window."),
    lockable<&RouteMetrics::ssthresh>("ssthresh", "First slow start threshold."),
    number_metric<&RouteMetrics::hoplimit>("hoplimit", Range{0, 255},
                                           "TTL or hop limit of what is sent."),
    number_metric<&RouteMetrics::window>("window", unsigned32, "Largest TCP window, in bytes."),
    number_metric<&RouteMetrics::initcwnd>("initcwnd", unsigned32,
                                           "First congestion window, in segments."),
    number_metric<&RouteMetrics::initrwnd>("initrwnd", unsigned32,
                                           "First receive window, in segments."),
    Option{line_row("rto_min", "[lock] TIME[s|ms]",
                    "Least TCP retransmission time; milliseconds without a unit.", read_rto_min),
           words_with_lock},
    Option{line_row("realms", "[SRC/]DST", "Realms for tc and statistics.", read_route_realms)},
    Option{line_row("features", "ecn", "What TCP may use.", read_features)},
    Option{line_row("quickack", "0|1", "Acknowledge at once.", read_quickack)},
    Option{line_row("congctl", "[lock] NAME", "Congestion control of TCP.", read_congctl),
           words_with_lock},
    Option{field<&Route::preference>("pref", config::Choice{preference_words}, "RFC 4191 2.1",
                                     "Preference among routers (IPv6).")},
    Option{line_row("ttl-propagate", "enabled|disabled", "Copy the TTL into MPLS labels.",
                    read_propagate)},
    Option{
        line_row("fastopen_no_cookie", "[0|1]", "TCP fast open without a cookie.", read_fastopen),
        words_with_bit},
    Option{
        line_row("add", "", "Fail when the route is there.", read_insertion<RouteInsertion::add>),
        one_word},
    Option{line_row("prepend", "", "Insert before routes to the same destination.",
                    read_insertion<RouteInsertion::prepend>),
           one_word},
    Option{line_row("append", "", "Insert behind routes to the same destination.",
                    read_insertion<RouteInsertion::append>),
           one_word},
    Option{field<&Route::vrf>("vrf", config::AnyWord{}, "keepalived",
                              "Interface of a VRF, whose table has the route while it is there.")},
    Option{
        line_row("nexthop", "via [inet|inet6] ADDR dev IF weight 1-256 onlink encap ... realms ...",
                 "One of several ways; the last on the line, and repeated.", read_route_nexthops),
        all_words},
    Option{field<&Route::no_track>("no_track", Switch{}, "keepalived",
                                   "Do nothing when others remove it.")},
    Option{field<&Route::track_group>(
        "track_group", config::AnyWord{}, "keepalived",
        "Static routes: a track_group whose instances are in FAULT while an interface of the route "
        "is down. One that another program removes is put back.")},
};

/// A type, or the destination, without the word before it.
std::size_t read_bare(Route& route, const Statement& line, std::size_t word, Reader& reader) {
  const config::Composed option{{line.words[word], line.words[word]}, line.line};
  if (is_type(line.words[word].text)) {
    read_type(route, Row<Route>{}, option, reader);
    return 1;
  }
  if (route.destination || route.is_default) return 0;
  const std::string_view text = line.words[word].text;
  const bool looks_like_one = text.find_first_of(".:/") != std::string::npos || text == "default" ||
                              text == "any" || text == "all" || text == "default6";
  if (!looks_like_one) return 0;
  read_destination(route, Row<Route>{}, option, reader);
  return 1;
}

}  // namespace

std::optional<Route> read_route_line(const Statement& line, LineUse use, Reader& reader) {
  Route route;
  read_options(LineKind<Route>{"a route", options, Unbuilt::option, read_bare}, route, line, 0,
               reader);
  check_track_group(route.track_group, use, line, reader);
  if (!route.destination && !route.is_default) {
    reader.warn(line.place(), "a route needs a destination; the line is skipped");
    return std::nullopt;
  }
  if (route.family && route.destination && route.destination->address.family() != *route.family)
    reader.warn(line.place(), "the destination is not of the family that is written");
  return route;
}

void describe_route_line(std::vector<config::KeywordInfo>& out) {
  describe_options<Route>(options, "<route line>", out);
}

}  // namespace holdfast::vrrp
