#include "vrrp/linux/port.h"

#include "daemon/process/clock.h"

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

void VrrpProcess::read_port(Port& port, std::size_t most) {
  const std::uint64_t before = discarded_;
  port.socket.drain(
      [&](Bytes message, const Arrival& arrival) { received(port, message, arrival); }, most);
  if (discarded_ != before)
    guard_against_flood(port, discarded_ - before, process::monotonic_now());
}

void VrrpProcess::guard_against_flood(Port& port, std::uint64_t discarded, TimePoint now) {
  const bool changed = port.guard.note(discarded, now);
  if (!port.guard.is_flooded()) return;
  floods_end_ = earliest(floods_end_, port.guard.deadline());
  const bool knows_more = port.filter && port.filter->known != port.known;
  if (!changed && !knows_more) return;
  if (changed)
    log_.write(Event{Level::warning, "flood",
                     fmt::format("{} is flooded with adverts that are good for nothing: of unknown "
                                 "senders one in {} is read",
                                 port.name, FloodGuard::sample)}
                   .with("interface", port.name));
  port.filter->known = port.known;
  if (auto limited = port.socket.accept(*port.filter); !limited)
    log_.write(Event{Level::error, "advert_socket", limited.error().what});
}

void VrrpProcess::end_floods(TimePoint now) {
  floods_end_.reset();
  for (auto& [key, port] : ports_) {
    if (port->guard.expire(now) && port->filter) {
      log_.write(
          Event{Level::notice, "flood_over", fmt::format("{} is not flooded any more", port->name)}
              .with("interface", port->name));
      port->filter->known.reset();
      port->known.clear();
      if (auto opened = port->socket.accept(*port->filter); !opened)
        log_.write(Event{Level::error, "advert_socket", opened.error().what});
    }
    floods_end_ = earliest(floods_end_, port->guard.deadline());
  }
}

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
