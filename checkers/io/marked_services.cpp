// nftables_ipvs: a group is one service by its firewall mark, or one for each address where no mark
// can be set. In every change the services come first, then their packets, and then what is not
// wanted any more goes: no packet gets a mark that means nothing.
#include <algorithm>

#include "checkers/io/running.h"

namespace holdfast::checkers {

/// Who has which mark is known from the kernel's table, which is read when there are marks to be
/// given.
void CheckersProcess::plan_marks(const CheckersConfig& next) {
  const bool any = std::ranges::any_of(next.services, [this](const VirtualServer& service) {
    return !service.marked.empty() && !marking_.mark_of(service);
  });
  if (any) reconciler_.resync();
  marking_.plan(next.globals.firewall, next.services, reconciler_.marks_of_others());
}

void CheckersProcess::settle_keys(Service& service) {
  const VirtualServer& config = service.pool.service();
  if (config.marked.empty()) return;
  service.made_keys.clear();
  if (const auto mark = marking_.mark_of(config)) {
    for (const Family family : {Family::ipv4, Family::ipv6})
      if (std::ranges::any_of(config.marked, [&](const GroupRange& range) {
            return range.first.family() == family;
          }))
        service.made_keys.push_back(ipvs::ServiceKey::of_mark(*mark, family));
    return;
  }
  service.made_keys = keys_without_mark(config);
  if (service.made_keys.empty())
    log_.write(Event{Level::error, "marks",
                     fmt::format("VS {} has too many addresses to be services without a mark; it "
                                 "is there for the first one of each range",
                                 config.name)});
}

void CheckersProcess::place_marks() {
  if (marking_.is_needed()) reconciler_.settle();
  if (!marking_.place()) do_without_marks();
  for (const std::uint32_t mark : marking_.take_orphans())
    for (const Family family : {Family::ipv4, Family::ipv6})
      reconciler_.remove(ipvs::ServiceKey::of_mark(mark, family));
}

void CheckersProcess::do_without_marks() {
  for (const auto& [name, service] : services_) {
    if (service->pool.service().marked.empty()) continue;
    const std::vector<ipvs::ServiceKey> before = service->keys();
    settle_keys(*service);
    want(*service);
    for (const ipvs::ServiceKey& key : before)
      if (std::ranges::find(service->keys(), key) == service->keys().end()) reconciler_.unwant(key);
  }
  reconcile_soon();
}

}  // namespace holdfast::checkers
