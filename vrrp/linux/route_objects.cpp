// Routes: keys, requests and what the kernel reports. Rules are in rule_objects.cpp.
#include "vrrp/linux/route_objects.h"

#include <linux/ila.h>
#include <linux/lwtunnel.h>
#include <linux/mpls.h>
#include <linux/mpls_iptunnel.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>
#include <cstring>

#include "daemon/base/assert.h"
#include "daemon/netlink/monitor.h"

namespace holdfast::vrrp {
namespace {

/// @source net/ipv6.h IP6_RT_PRIO_USER: what the kernel makes of no metric
constexpr std::uint32_t ipv6_default_metric = 1024;
/// @source linux/rtnetlink.h RTAX_FASTOPEN_NO_COOKIE
constexpr int fastopen_no_cookie = 17;

unsigned char family_number(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

void put(nl_msg& message, int type, std::span<const std::byte> bytes) {
  BASE_ASSERT(nla_put(&message, type, static_cast<int>(bytes.size()), bytes.data()) == 0);
}
void put32(nl_msg& message, int type, std::uint32_t value) {
  BASE_ASSERT(nla_put_u32(&message, type, value) == 0);
}

/// An attribute that holds others, open as long as this object lives.
class Nest {
 public:
  Nest(nl_msg& message, int type) : message_{message}, start_{nla_nest_start(&message, type)} {
    BASE_ASSERT(start_ != nullptr);
  }
  ~Nest() { nla_nest_end(&message_, start_); }
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;

 private:
  nl_msg& message_;
  nlattr* start_;
};

void put_gateway(nl_msg& message, Family family, const IpAddress& gateway) {
  if (gateway.family() == family) return put(message, RTA_GATEWAY, gateway.bytes());
  // RTA_VIA: the family as a number of 16 bits, then the address.
  std::vector<std::byte> via(2);
  const std::uint16_t number = family_number(gateway.family());
  std::memcpy(via.data(), &number, sizeof number);
  via.insert(via.end(), gateway.bytes().begin(), gateway.bytes().end());
  put(message, RTA_VIA, via);
}

std::uint32_t realms_number(const Realms& realms) {
  return (realms.source ? realms.source->number << 16U : 0) | realms.destination.number;
}

void put_ip_tunnel(nl_msg& message, const Encap& encap) {
  const bool v6 = encap.kind == Encap::Kind::ip6;
  BASE_ASSERT(nla_put_u64(&message, v6 ? int{LWTUNNEL_IP6_ID} : int{LWTUNNEL_IP_ID},
                          __builtin_bswap64(encap.id)) == 0);
  if (encap.destination)
    put(message, v6 ? int{LWTUNNEL_IP6_DST} : int{LWTUNNEL_IP_DST}, encap.destination->bytes());
  if (encap.source)
    put(message, v6 ? int{LWTUNNEL_IP6_SRC} : int{LWTUNNEL_IP_SRC}, encap.source->bytes());
  if (encap.tos)
    BASE_ASSERT(
        nla_put_u8(&message, v6 ? int{LWTUNNEL_IP6_TC} : int{LWTUNNEL_IP_TOS}, *encap.tos) == 0);
  if (encap.ttl)
    BASE_ASSERT(nla_put_u8(&message, v6 ? int{LWTUNNEL_IP6_HOPLIMIT} : int{LWTUNNEL_IP_TTL},
                           *encap.ttl) == 0);
}

/// @source RFC 3032 2.1: 20 bits of label, 3 of class, the mark of the last one, 8 of TTL
void put_labels(nl_msg& message, const Encap& encap) {
  std::vector<std::uint32_t> stack;
  for (std::size_t i = 0; i < encap.labels.size(); ++i) {
    const std::uint32_t last = i + 1 == encap.labels.size() ? 1U << 8U : 0;
    stack.push_back(__builtin_bswap32(encap.labels[i] << 12U | last));
  }
  put(message, MPLS_IPTUNNEL_DST, std::as_bytes(std::span{stack}));
}

void put_encap(nl_msg& message, const Encap& encap) {
  constexpr std::array types{LWTUNNEL_ENCAP_IP, LWTUNNEL_ENCAP_IP6, LWTUNNEL_ENCAP_MPLS,
                             LWTUNNEL_ENCAP_ILA};
  BASE_ASSERT(
      nla_put_u16(&message, RTA_ENCAP_TYPE,
                  static_cast<std::uint16_t>(types.at(static_cast<std::size_t>(encap.kind)))) == 0);
  const Nest nest{message, RTA_ENCAP};
  switch (encap.kind) {
    case Encap::Kind::ip:
    case Encap::Kind::ip6:
      return put_ip_tunnel(message, encap);
    case Encap::Kind::mpls:
      return put_labels(message, encap);
    case Encap::Kind::ila:
      BASE_ASSERT(nla_put_u64(&message, ILA_ATTR_LOCATOR, __builtin_bswap64(encap.locator)) == 0);
  }
}

struct Gate {
  std::optional<IpAddress> via;
  std::uint32_t interface = 0;
  std::uint16_t weight = 1;
  bool onlink = false;
  std::optional<Encap> encap{};
  std::optional<Realms> realms{};
};

/// `nexthop ...`, or the two gateways of `via A or B`.
std::vector<Gate> gates_of(const RouteSettings& settings) {
  const Route& route = settings.route;
  std::vector<Gate> gates;
  if (route.second_via)
    for (const auto& via : {route.via, route.second_via})
      gates.push_back({via, settings.interface, 1, route.onlink});
  for (std::size_t i = 0; i < route.nexthops.size(); ++i) {
    const NextHop& hop = route.nexthops[i];
    gates.push_back(
        {hop.via, settings.nexthops.at(i), hop.weight, hop.onlink, hop.encap, hop.realms});
  }
  return gates;
}

void put_gates(nl_msg& message, Family family, const std::vector<Gate>& gates) {
  const Nest nest{message, RTA_MULTIPATH};
  for (const Gate& gate : gates) {
    auto* const hop =
        static_cast<rtnexthop*>(nlmsg_reserve(&message, sizeof(rtnexthop), NLMSG_ALIGNTO));
    BASE_ASSERT(hop != nullptr);
    const std::size_t start = nlmsg_hdr(&message)->nlmsg_len - sizeof(rtnexthop);
    *hop = {};
    hop->rtnh_flags = gate.onlink ? RTNH_F_ONLINK : 0;
    hop->rtnh_hops = static_cast<unsigned char>(gate.weight - 1);
    hop->rtnh_ifindex = static_cast<int>(gate.interface);
    if (gate.via) put_gateway(message, family, *gate.via);
    if (gate.encap) put_encap(message, *gate.encap);
    if (gate.realms) put32(message, RTA_FLOW, realms_number(*gate.realms));
    hop->rtnh_len = static_cast<unsigned short>(nlmsg_hdr(&message)->nlmsg_len - start);
  }
}

void put_metrics(nl_msg& message, const RouteMetrics& metrics) {
  const Nest nest{message, RTA_METRICS};
  std::uint32_t locks = metrics.congestion_control_locked ? 1U << RTAX_CC_ALGO : 0;
  const auto lockable = [&](int type, const std::optional<Metric>& metric) {
    if (!metric) return;
    put32(message, type, metric->value);
    if (metric->locked) locks |= 1U << static_cast<unsigned>(type);
  };
  const auto number = [&](int type, const std::optional<std::uint32_t>& value) {
    if (value) put32(message, type, *value);
  };
  lockable(RTAX_MTU, metrics.mtu);
  lockable(RTAX_ADVMSS, metrics.advmss);
  lockable(RTAX_RTT, metrics.rtt);
  lockable(RTAX_RTTVAR, metrics.rttvar);
  lockable(RTAX_REORDERING, metrics.reordering);
  lockable(RTAX_CWND, metrics.cwnd);
  lockable(RTAX_SSTHRESH, metrics.ssthresh);
  lockable(RTAX_RTO_MIN, metrics.rto_min);
  number(RTAX_HOPLIMIT, metrics.hoplimit);
  number(RTAX_WINDOW, metrics.window);
  number(RTAX_INITCWND, metrics.initcwnd);
  number(RTAX_INITRWND, metrics.initrwnd);
  if (metrics.quickack) put32(message, RTAX_QUICKACK, *metrics.quickack ? 1 : 0);
  if (metrics.fastopen_no_cookie)
    put32(message, fastopen_no_cookie, *metrics.fastopen_no_cookie ? 1 : 0);
  if (metrics.ecn) put32(message, RTAX_FEATURES, RTAX_FEATURE_ECN);
  if (!metrics.congestion_control.empty())
    BASE_ASSERT(nla_put_string(&message, RTAX_CC_ALGO, metrics.congestion_control.c_str()) == 0);
  if (locks != 0) put32(message, RTAX_LOCK, locks);
}

/// @source keepalived. Unlike ip-route(8), a route without a gateway is global as well.
std::uint8_t default_scope(RouteType type) {
  switch (type) {
    case RouteType::local:
    case RouteType::nat:
      return RT_SCOPE_HOST;
    case RouteType::broadcast:
    case RouteType::multicast:
    case RouteType::anycast:
      return RT_SCOPE_LINK;
    default:
      return RT_SCOPE_UNIVERSE;
  }
}

int flags_of(RouteInsertion insertion) {
  switch (insertion) {
    case RouteInsertion::add:
      return NLM_F_CREATE | NLM_F_EXCL;
    case RouteInsertion::prepend:
      return NLM_F_CREATE;
    case RouteInsertion::append:
      return NLM_F_CREATE | NLM_F_APPEND;
    case RouteInsertion::replace:
      break;
  }
  return NLM_F_CREATE | NLM_F_REPLACE;
}

rtmsg header_for(const RouteKey& key) {
  rtmsg header{};
  header.rtm_family = family_number(key.family);
  header.rtm_dst_len = key.destination.length;
  header.rtm_src_len = key.source.length;
  header.rtm_tos = key.tos;
  header.rtm_table =
      key.table < 256 ? static_cast<unsigned char>(key.table) : std::uint8_t{0};  // else RTA_TABLE
  header.rtm_protocol = key.protocol;
  return header;
}

void put_key(nl_msg& message, const RouteKey& key) {
  if (key.destination.length > 0) put(message, RTA_DST, key.destination.address.bytes());
  if (key.source.length > 0) put(message, RTA_SRC, key.source.address.bytes());
  put32(message, RTA_TABLE, key.table);
  if (key.metric != 0) put32(message, RTA_PRIORITY, key.metric);
}

void put_settings(nl_msg& message, Family family, const RouteSettings& settings) {
  const Route& route = settings.route;
  const auto gates = gates_of(settings);
  if (route.source) put(message, RTA_PREFSRC, route.source->bytes());
  if (gates.empty()) {
    if (route.via) put_gateway(message, family, *route.via);
    if (settings.interface != 0) put32(message, RTA_OIF, settings.interface);
  } else {
    put_gates(message, family, gates);
  }
  if (route.encap) put_encap(message, *route.encap);
  if (route.realms) put32(message, RTA_FLOW, realms_number(*route.realms));
  if (route.expires)
    put32(message, RTA_EXPIRES, static_cast<std::uint32_t>(route.expires->count()));
  // RFC 4191 2.1: 01 high, 00 medium, 11 low.
  constexpr std::array<std::uint8_t, 3> preferences{3, 0, 1};
  if (route.preference)
    BASE_ASSERT(nla_put_u8(&message, RTA_PREF,
                           preferences.at(static_cast<std::size_t>(*route.preference))) == 0);
  if (route.ttl_propagate)
    BASE_ASSERT(nla_put_u8(&message, RTA_TTL_PROPAGATE, *route.ttl_propagate ? 1 : 0) == 0);
  if (route.metrics != RouteMetrics{}) put_metrics(message, route.metrics);
}

}  // namespace

Family family_of(const Route& route) {
  if (route.family) return *route.family;
  if (route.destination) return route.destination->address.family();
  for (const auto& address : {route.via, route.source})
    if (address) return address->family();
  for (const NextHop& hop : route.nexthops)
    if (hop.via) return hop.via->family();
  return Family::ipv4;
}

RouteKey key_of(const Route& route) {
  RouteKey key;
  key.family = family_of(route);
  const IpAddress any = key.family == Family::ipv4 ? IpAddress{} : *IpAddress::parse("::");
  key.table = route.table.number;
  key.destination = route.destination.value_or(Prefix{any, 0});
  key.source = route.from.value_or(Prefix{any, 0});
  key.tos = static_cast<std::uint8_t>(route.tos.number);
  key.metric = route.metric == 0 && key.family == Family::ipv6 ? ipv6_default_metric : route.metric;
  key.protocol = static_cast<std::uint8_t>(route.protocol.number);
  return key;
}

netlink::Message request_for(const RouteChange& change) {
  const bool adds = change.kind == RouteChange::Kind::add;
  const Route& route = change.settings.route;
  auto message = adds ? netlink::make_message(RTM_NEWROUTE, flags_of(route.insertion))
                      : netlink::make_message(RTM_DELROUTE, 0);
  rtmsg header = header_for(change.key);
  header.rtm_scope = RT_SCOPE_NOWHERE;  // a removal: whatever it has
  if (adds) {
    header.rtm_type = static_cast<unsigned char>(route.type);
    header.rtm_scope = change.key.family == Family::ipv6 ? std::uint8_t{RT_SCOPE_UNIVERSE}
                       : route.scope ? static_cast<std::uint8_t>(route.scope->number)
                                     : default_scope(route.type);
    if (route.onlink) header.rtm_flags |= RTNH_F_ONLINK;
  }
  BASE_ASSERT(nlmsg_append(message.get(), &header, sizeof header, NLMSG_ALIGNTO) == 0);
  put_key(*message, change.key);
  if (adds) put_settings(*message, change.key.family, change.settings);
  return message;
}

std::string describe(const RouteKey& key) {
  const std::string table = key.table == main_table ? "" : fmt::format(" table {}", key.table);
  if (key.destination.length == 0) return "route default" + table;
  return fmt::format("route {}/{}{}", key.destination.address.to_string(), key.destination.length,
                     table);
}

std::optional<RouteKey> parse_route(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(rtmsg))) return std::nullopt;
  const auto* header = static_cast<const rtmsg*>(NLMSG_DATA(&message));
  if ((header->rtm_family != AF_INET && header->rtm_family != AF_INET6) ||
      (header->rtm_flags & RTM_F_CLONED) != 0)
    return std::nullopt;
  const auto attributes = netlink::attributes(message, sizeof(rtmsg), RTA_TABLE);
  const bool v4 = header->rtm_family == AF_INET;
  const IpAddress any = v4 ? IpAddress{} : *IpAddress::parse("::");
  const auto number = [&](int type) -> std::optional<std::uint32_t> {
    const auto bytes = netlink::payload(attributes[static_cast<std::size_t>(type)]);
    std::uint32_t value = 0;
    if (bytes.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  };
  const auto address = [&](int type) {
    const auto bytes = netlink::payload(attributes[static_cast<std::size_t>(type)]);
    return IpAddress::from_bytes(bytes).value_or(any);
  };
  RouteKey key;
  key.family = v4 ? Family::ipv4 : Family::ipv6;
  key.table = number(RTA_TABLE).value_or(header->rtm_table);
  key.destination = {address(RTA_DST), header->rtm_dst_len};
  key.source = {address(RTA_SRC), header->rtm_src_len};
  key.tos = header->rtm_tos;
  key.metric = number(RTA_PRIORITY).value_or(0);
  key.protocol = header->rtm_protocol;
  return key;
}

}  // namespace holdfast::vrrp
