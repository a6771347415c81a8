#include "vrrp/linux/port.h"

namespace holdfast::vrrp {
namespace {

/// How well an advert fits an instance; 0: it is not for it.
int fit(const Instance& instance, const Arrival& arrival) {
  const bool to_group = arrival.destination.is_multicast();
  if (instance.is_unicast())
    return to_group ? 0 : instance.unicast.find(arrival.source) != nullptr ? 2 : 1;
  if (to_group) return arrival.destination == instance.group ? 2 : 0;
  return 1;  // keepalived: a packet to us alone is an advert as well
}

}  // namespace

RunningInstance* VrrpProcess::Port::find(std::uint8_t vrid, const Arrival& arrival) const {
  RunningInstance* found = nullptr;
  int best = 0;
  const auto [first, last] = routers.equal_range(vrid);
  for (auto router = first; router != last; ++router)
    if (const int fits = fit(router->second->config, arrival); fits > best) {
      best = fits;
      found = router->second;
    }
  return found;
}

}  // namespace holdfast::vrrp
