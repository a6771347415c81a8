// ha_suspend: the checks of a service rest while none of its addresses is here.
#include <algorithm>

#include "checkers/io/running.h"
#include "daemon/process/clock.h"

namespace holdfast::checkers {

using process::monotonic_now;

namespace {

netlink::ReceiveBuffer monitor_buffer(const config::BufferDefs& buffers) {
  return {buffers.lvs_monitor, buffers.lvs_monitor_force};
}

}  // namespace

void CheckersProcess::follow_addresses() {
  const bool any = std::ranges::any_of(
      services_, [](const auto& entry) { return entry.second->pool.service().ha_suspend; });
  if (any)
    addresses_.watch(monitor_buffer(globals_.buffers));
  else
    addresses_.stop();
  suspend_services();
}

void CheckersProcess::suspend_services() {
  for (const auto& [name, service] : services_) {
    const VirtualServer& config = service->pool.service();
    const bool rests = config.ha_suspend &&
                       std::ranges::none_of(config.keys,
                                            [&](const ipvs::ServiceKey& key) {
                                              return key.fwmark == 0 && addresses_.has(key.address);
                                            }) &&
                       std::ranges::none_of(config.marked, [&](const GroupRange& range) {
                         return addresses_.has_any(range.first, range.last);
                       });
    if (std::exchange(service->suspended, rests) == rests) continue;
    log_.write(
        Event{Level::notice, rests ? "checks_rest" : "checks_resumed",
              fmt::format("{} checks of VS {}: {}", rests ? "Suspending" : "Resuming", config.name,
                          rests ? "none of its addresses is here" : "its address is here")}
            .with("service", config.name));
    if (!rests) resume(*service);
  }
}

/// Over their warm-up, as at a start.
void CheckersProcess::resume(Service& service) {
  for (const auto& server : service.tasks)
    for (const auto& task : server)
      if (std::exchange(task->rests, false)) {
        std::uniform_int_distribution<Duration::rep> spread{
            0, task->check->final_timing.warmup.count()};
        poll_set_.set_beginning(*task, monotonic_now() + Duration{spread(random_)});
      }
}

}  // namespace holdfast::checkers
