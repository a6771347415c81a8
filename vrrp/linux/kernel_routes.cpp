#include "vrrp/linux/kernel_routes.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>

namespace holdfast::vrrp {

Result<KernelRoutes> KernelRoutes::open() {
  constexpr std::array<unsigned, 4> groups{RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
                                           RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE};
  auto monitor = netlink::Monitor::open(groups);
  if (!monitor) return tl::make_unexpected(monitor.error());
  monitor->filter_dumps();
  auto socket = netlink::connect(NETLINK_ROUTE);
  if (!socket) return tl::make_unexpected(socket.error());
  return KernelRoutes{std::move(*monitor), std::move(*socket)};
}

void KernelRoutes::follow(const std::set<std::uint8_t>& protocols) {
  protocols_.insert(protocols.begin(), protocols.end());
}

/// Something of ours went, or another program has put a route in the place of ours.
bool KernelRoutes::concerns_us(const nlmsghdr& message) const {
  switch (message.nlmsg_type) {
    case RTM_DELROUTE: {
      const auto key = parse_route(message);
      return key && routes_.contains(*key);
    }
    case RTM_NEWROUTE: {
      auto key = parse_route(message);
      if (!key || (message.nlmsg_flags & NLM_F_REPLACE) == 0 || protocols_.contains(key->protocol))
        return false;
      for (const std::uint8_t protocol : protocols_) {
        key->protocol = protocol;
        if (routes_.contains(*key)) return true;
      }
      return false;
    }
    case RTM_DELRULE: {
      const auto key = parse_rule(message);
      return key && rules_.contains(*key);
    }
    default:
      return false;
  }
}

template <typename Key, typename Settings>
std::vector<netlink::Refusal> KernelRoutes::apply_to(
    std::set<Key>& keys, std::span<const Change<Key, Settings>> changes) {
  using Kind = typename Change<Key, Settings>::Kind;
  netlink::Batch batch{*socket_};
  for (const auto& change : changes)
    batch.add(request_for(change), fmt::format("{} {}", change.kind == Kind::add ? "add" : "remove",
                                               describe(change.key)));
  auto refused = batch.commit();
  std::erase_if(refused, [&](const netlink::Refusal& refusal) {
    const int code = refusal.error.code;
    if (changes[refusal.index].kind == Kind::add)
      return std::is_same_v<Key, RuleKey> && code == EEXIST;
    return code == ESRCH || code == ENOENT || code == ENODEV;
  });
  std::set<std::size_t> failed;
  for (const netlink::Refusal& refusal : refused) failed.insert(refusal.index);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (failed.contains(i)) continue;
    if (changes[i].kind == Kind::add)
      keys.insert(changes[i].key);
    else
      keys.erase(changes[i].key);
  }
  return refused;
}
template std::vector<netlink::Refusal> KernelRoutes::apply_to(std::set<RouteKey>&,
                                                              std::span<const RouteChange>);
template std::vector<netlink::Refusal> KernelRoutes::apply_to(std::set<RuleKey>&,
                                                              std::span<const RuleChange>);

Result<bool> KernelRoutes::update() {
  bool changed = false;
  const auto read =
      monitor_.read([&](const nlmsghdr& message) { changed |= concerns_us(message); });
  if (!read && read.error().code != ENOBUFS) return tl::make_unexpected(read.error());
  return changed || !read;
}

Result<void> KernelRoutes::refresh() {
  constexpr int attempts = 5;
  Result<void> done;
  for (int i = 0; i < attempts; ++i) {
    done = dump();
    if (done || (done.error().code != EINTR && done.error().code != ENOBUFS)) return done;
  }
  return {};  // what was known stays, and the next notification looks again
}

Result<void> KernelRoutes::dump() {
  std::set<RouteKey> routes;
  std::set<RuleKey> rules;
  for (const std::uint8_t family : std::array<std::uint8_t, 2>{AF_INET, AF_INET6}) {
    for (const std::uint8_t protocol : protocols_) {
      rtmsg header{};
      header.rtm_family = family;
      header.rtm_protocol = protocol;
      const auto done = monitor_.dump(RTM_GETROUTE, std::as_bytes(std::span{&header, 1}),
                                      [&](const nlmsghdr& message) {
                                        if (message.nlmsg_type != RTM_NEWROUTE) return;
                                        const auto key = parse_route(message);
                                        if (key && key->protocol == protocol) routes.insert(*key);
                                      });
      if (!done) return done;
    }
    fib_rule_hdr header{};
    header.family = family;
    const auto done = monitor_.dump(
        RTM_GETRULE, std::as_bytes(std::span{&header, 1}), [&](const nlmsghdr& message) {
          const auto key = message.nlmsg_type == RTM_NEWRULE ? parse_rule(message) : std::nullopt;
          if (key) rules.insert(*key);
        });
    if (!done) return done;
  }
  routes_ = std::move(routes);
  rules_ = std::move(rules);
  return {};
}

}  // namespace holdfast::vrrp
