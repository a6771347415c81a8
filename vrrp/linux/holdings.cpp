// What instances hold in the kernel while they are Active, and what is there always (static_...):
// from the configuration to what the reconciler is told.
#include <linux/if_addr.h>

#include "vrrp/linux/process.h"
#include "vrrp/linux/release.h"

namespace holdfast::vrrp {
namespace {

AddressKey key_of(const VirtualAddress& address, std::uint32_t interface) {
  return {interface, address.address, address.prefix_length};
}

/// keepalived: no duplicate address detection, since the Active router may still have the address;
/// and an IPv6 address of its own prefix is no source of new connections.
AddressSettings settings_of(const VirtualAddress& address) {
  AddressSettings out{address.label, address.scope, address.broadcast, address.peer, 0, {}};
  const bool v6 = address.address.is_v6();
  const auto flag = [&](bool wanted, std::uint32_t bit) { out.flags |= wanted ? bit : 0; };
  flag(v6 && !address.detect_duplicates, IFA_F_NODAD);
  flag(v6 && address.home, IFA_F_HOMEADDRESS);
  flag(v6 && address.temporary, IFA_F_MANAGETEMPADDR);
  flag(address.no_prefix, IFA_F_NOPREFIXROUTE);
  flag(address.autojoin, IFA_F_MCAUTOJOIN);
  if (!address.preferred_lifetime && v6 && address.prefix_length == address.address.bits())
    out.preferred_lifetime = 0;
  else if (address.preferred_lifetime && *address.preferred_lifetime != std::chrono::seconds::max())
    out.preferred_lifetime = static_cast<std::uint32_t>(address.preferred_lifetime->count());
  return out;
}

AnnouncePlan plan_for(const AnnounceConfig& config, Occasion occasion) {
  const bool lower = occasion == Occasion::lower_priority;
  return {lower ? config.lower_prio_repeat : config.repeat,
          lower ? config.lower_prio_delay : config.delay, config.refresh, config.refresh_repeat};
}

}  // namespace

/// In the state table, with the peer as its value: the kernel removes an address by both.
void VrrpProcess::hold_record(const Reconciler::VirtualKey& key,
                              const std::optional<IpAddress>& peer) {
  constexpr std::byte none{0};
  const auto value = peer ? peer->bytes() : std::span{&none, 1};
  if (auto saved = table_->put(held_record(key), value); !saved)
    log_.write(Event{Level::warning, "state_table", saved.error().what});
}

void VrrpProcess::set_virtual_addresses() {
  std::map<Reconciler::VirtualKey, bool> all;
  for (const auto& [name, instance] : instances_)
    for (const auto* list : {&instance->config.addresses, &instance->config.excluded})
      for (const VirtualAddress& address : *list)
        all.emplace(
            Reconciler::VirtualKey{address.address, address.prefix_length, address.interface},
            instance->config.router.priority == owner_priority);
  reconciler_->set_virtual(std::move(all));
  source_addresses_.clear();
}

void VrrpProcess::hold_addresses(RunningInstance& instance, bool hold) {
  const std::set<AddressKey> before = std::exchange(instance.held, {});
  const AnnouncePlan plan = plan_for(instance.config.announce, Occasion::takeover);
  for (const auto* list : {&instance.config.addresses, &instance.config.excluded})
    for (const VirtualAddress& address : *list) {
      const Link* link = links_->find(address.interface);
      if (!hold || link == nullptr) continue;
      const AddressKey key = key_of(address, link->index);
      instance.held.insert(key);
      reconciler_->want(key, settings_of(address), plan, {&instance, OnLoss::restore});
    }
  for (const AddressKey& key : before)
    if (!instance.held.contains(key)) reconciler_->unwant(key);
  if (!stopping_) work_soon();
}

/// static_ipaddress: from the start to the stop, whatever the instances do.
void VrrpProcess::hold_statics(StaticConfig statics) {
  statics_ = std::move(statics);
  for (VirtualAddress& address : statics_.addresses)
    if (address.interface.empty()) address.interface = globals_.vrrp.default_interface;
  renew_statics();
}

void VrrpProcess::renew_statics() {
  const std::set<AddressKey> before = std::exchange(static_addresses_, {});
  for (const VirtualAddress& address : statics_.addresses) {
    const Link* link = links_->find(address.interface);
    if (link == nullptr) continue;
    const AddressKey key = key_of(address, link->index);
    static_addresses_.insert(key);
    reconciler_->want(key, settings_of(address), {0, Duration{0}, Duration{0}, 0},
                      {&statics_, OnLoss::restore});
  }
  for (const AddressKey& key : before)
    if (!static_addresses_.contains(key)) reconciler_->unwant(key);
}

void VrrpProcess::announce(RunningInstance& instance, Occasion occasion, TimePoint now) {
  const AnnouncePlan plan = plan_for(instance.config.announce, occasion);
  for (const auto* list : {&instance.config.addresses, &instance.config.excluded})
    for (const VirtualAddress& address : *list)
      if (const Link* link = links_->find(address.interface))
        reconciler_->announce(key_of(address, link->index), plan, now);
  work_soon();
}

}  // namespace holdfast::vrrp
