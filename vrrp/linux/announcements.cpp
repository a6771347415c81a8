// What is announced how often: from the configuration of an instance to the plans of its addresses.
#include "daemon/process/clock.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

AnnouncePlan announce_plan(const AnnounceConfig& config, Occasion occasion) {
  const bool lower = occasion == Occasion::lower_priority;
  return {lower ? config.lower_prio_repeat : config.repeat,
          lower ? config.lower_prio_delay : config.delay, config.refresh, config.refresh_repeat};
}

/// garp_extra_if: of each interface without adverts the first address speaks often enough for the
/// switches not to forget where it is.
AnnouncePlan VrrpProcess::plan_of(const RunningInstance& instance, const AddressKey& key,
                                  Occasion occasion) const {
  const AnnounceConfig& config = instance.config.announce;
  AnnouncePlan plan = announce_plan(config, occasion);
  const Link* link = links_->find(key.interface);
  const bool counts = link != nullptr && (config.extra_all || link->kind == "macvlan") &&
                      key.interface != sending_port_of(instance).interface;
  const bool is_first =
      instance.held.lower_bound({key.interface, {}, 0}) == instance.held.find(key);
  const bool often_enough = plan.refresh > Duration{0} && plan.refresh <= config.extra_refresh;
  if (config.extra_refresh == Duration{0} || !counts || !is_first || often_enough) return plan;
  plan.refresh = config.extra_refresh;
  plan.refresh_repeat = 1;
  return plan;
}

void VrrpProcess::refresh_elsewhere(const RunningInstance& instance) {
  if (instance.config.announce.extra_refresh == Duration{0}) return;
  const auto& held = instance.held;
  for (auto first = held.begin(); first != held.end();
       first = held.lower_bound({first->interface + 1, {}, 0}))
    reconciler_->set_plan(*first, plan_of(instance, *first, Occasion::takeover));
}

void VrrpProcess::announce(RunningInstance& instance, Occasion occasion, TimePoint now) {
  for (const AddressKey& key : instance.held)
    reconciler_->announce(key, plan_of(instance, key, occasion), now);
  work_soon();
}

/// The switch behind these interfaces may be another one now, or has forgotten where we are.
void VrrpProcess::announce_on(const std::set<std::uint32_t>& interfaces, TimePoint now) {
  if (interfaces.empty()) return;
  for (auto& [name, instance] : instances_) {
    if (!std::holds_alternative<Active>(instance->state)) continue;
    for (const AddressKey& key : instance->held)
      if (interfaces.contains(key.interface))
        reconciler_->announce(key, plan_of(*instance, key, Occasion::takeover), now);
  }
  work_soon();
}

}  // namespace holdfast::vrrp
