// The kernel's routes and rules that carry a protocol number of ours, and changes to them. Nothing
// else is kept, so a host with a full Internet table costs nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/netlink/batch.h"
#include "daemon/netlink/monitor.h"
#include "vrrp/linux/route_objects.h"

namespace holdfast::vrrp {

class KernelRoutes {
 public:
  /// Subscribes. Knows nothing before the first refresh().
  static Result<KernelRoutes> open();

  /// Protocol numbers of routes that are looked at.
  void follow(const std::set<std::uint8_t>& protocols);
  /// Takes what the kernel has to say. @return true when something of ours may have changed, and
  /// refresh() should be called
  Result<bool> update();
  /// Lists the kernel's routes of our protocols, and its rules. Also needed when a link or an
  /// address goes: the kernel does not report the IPv4 routes that go with it.
  Result<void> refresh();
  [[nodiscard]] int descriptor() const { return monitor_.descriptor(); }
  [[nodiscard]] int command_descriptor() const { return nl_socket_get_fd(socket_.get()); }

  [[nodiscard]] const std::set<RouteKey>& routes() const { return routes_; }
  [[nodiscard]] const std::set<RuleKey>& rules() const { return rules_; }
  /// One batch. @return the refused changes; a removal of what is not there and an addition of a
  /// rule that is are successes
  std::vector<netlink::Refusal> apply(std::span<const RouteChange> changes) {
    return apply_to(routes_, changes);
  }
  std::vector<netlink::Refusal> apply(std::span<const RuleChange> changes) {
    return apply_to(rules_, changes);
  }

 private:
  /// Errors: EINTR or ENOBUFS where the tables changed meanwhile: what was known stays.
  Result<void> dump();
  KernelRoutes(netlink::Monitor monitor, netlink::Socket socket)
      : monitor_{std::move(monitor)}, socket_{std::move(socket)} {}
  template <typename Key, typename Settings>
  std::vector<netlink::Refusal> apply_to(std::set<Key>& keys,
                                         std::span<const Change<Key, Settings>> changes);
  [[nodiscard]] bool concerns_us(const nlmsghdr& message) const;

  netlink::Monitor monitor_;
  netlink::Socket socket_;
  std::set<std::uint8_t> protocols_;
  std::set<RouteKey> routes_;
  std::set<RuleKey> rules_;
};

}  // namespace holdfast::vrrp
