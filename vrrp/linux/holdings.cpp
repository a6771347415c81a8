// What instances hold in the kernel while they are Active, and what is there always (static_...):
// from the configuration to what the reconciler is told.
#include <linux/if_addr.h>

#include <algorithm>
#include <unordered_map>

#include "daemon/process/clock.h"
#include "vrrp/linux/iproute_names.h"
#include "vrrp/linux/process.h"
#include "vrrp/linux/release.h"
#include "vrrp/linux/vrf.h"

namespace holdfast::vrrp {

using process::monotonic_now;

namespace {

AddressKey key_of(const VirtualAddress& address, std::uint32_t interface) {
  return {interface, address.address, address.prefix_length};
}

/// keepalived: no duplicate address detection, since the Active router may still have the address;
/// and an IPv6 address of its own prefix is no source of new connections.
AddressSettings address_settings(const VirtualAddress& address) {
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

/// no_track: nobody looks whether it is still there.
Claim claim_of(Owner owner, OnLoss on_loss, bool no_track) {
  return {owner, no_track ? OnLoss::ignore : on_loss};
}

OnLoss on_loss(AddressLoss policy) {
  switch (policy) {
    case AddressLoss::restore:
      return OnLoss::restore;
    case AddressLoss::backup:
      return OnLoss::tell;
    case AddressLoss::ignore:
      break;
  }
  return OnLoss::ignore;
}

/// An instance whose objects are removed over and over is in FAULT for this long.
constexpr Duration meddling_pause = std::chrono::seconds{10};

/// @source keepalived: rules without a preference count down from here
constexpr std::uint32_t first_preference = 16384;

/// `now` takes the place of `held`; what is not among it any more is let go.
template <typename Key, typename LetGo>
void replace_held(std::set<Key>& held, std::set<Key> now, const LetGo& let_go) {
  for (const Key& key : held)
    if (!now.contains(key)) let_go(key);
  held = std::move(now);
}

}  // namespace

/// In the state table, with the peer as its value: the kernel removes an address by both.
void VrrpProcess::hold_record(const Reconciler::VirtualKey& key,
                              const std::optional<IpAddress>& peer) {
  put_record(held_record(key), peer ? peer->bytes() : std::span<const std::byte>{});
}

void VrrpProcess::put_record(const std::string& record, std::span<const std::byte> value) {
  constexpr std::byte none{0};  // an empty value would be no record
  if (auto saved = table_->put(record, value.empty() ? std::span{&none, 1} : value); !saved)
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

/// Wants those whose interface exists, and adds them to `held`.
void VrrpProcess::want_addresses(const std::vector<VirtualAddress>& addresses,
                                 const AnnouncePlan& plan, Claim claim,
                                 std::set<AddressKey>& held) {
  for (const VirtualAddress& address : addresses) {
    const Link* link = links_->find(address.interface);
    if (link == nullptr) continue;
    const AddressKey key = key_of(address, link->index);
    held.insert(key);
    reconciler_->want(key, address_settings(address), plan,
                      claim_of(claim.owner, claim.on_loss, address.no_track));
  }
}

void VrrpProcess::hold_addresses(RunningInstance& instance, bool hold) {
  const Claim claim{&instance, on_loss(instance.config.on_address_loss)};
  const AnnouncePlan plan = announce_plan(instance.config.announce, Occasion::takeover);
  std::set<AddressKey> now;
  if (hold)
    for (const auto* list : {&instance.config.addresses, &instance.config.excluded})
      want_addresses(*list, plan, claim, now);
  replace_held(instance.held, std::move(now),
               [&](const AddressKey& key) { reconciler_->unwant(key, &instance); });
  refresh_elsewhere(instance);
  holdings_changed_ = true;
  refuse_packets(instance);
  hold_routes(claim, hold ? instance.config.routes : std::vector<Route>{}, instance.held_routes);
  hold_rules(claim, hold ? instance.config.rules : std::vector<PolicyRule>{}, instance.held_rules);
  if (!stopping_) work_soon();
}

/// RFC 9568 6.1 Accept_Mode: of what the instance holds.
void VrrpProcess::refuse_packets(const RunningInstance& instance) {
  FilterElements elements;
  if (instance.config.refuses_packets)
    for (const AddressKey& key : instance.held)
      if (const Link* link = links_->find(key.interface))
        elements.insert(refused(key.address, link->name));
  firewall_.refuse(&instance, std::move(elements));
}

/// @pre the instances are those of the configuration
void VrrpProcess::set_firewall() {
  const bool needed = std::ranges::any_of(
      instances_, [](const auto& entry) { return entry.second->config.refuses_packets; });
  firewall_.configure(globals_.firewall, needed);
  if (!std::exchange(firewall_inherits_, false)) return;
  FilterElements before;
  for (const auto& [name, instance] : instances_)
    if (instance->config.refuses_packets)
      for (const auto* list : {&instance->config.addresses, &instance->config.excluded})
        for (const VirtualAddress& address : *list)
          before.insert(refused(address.address, address.interface));
  firewall_.inherit(before);
}

/// The indexes of the interfaces that a route names; nothing while one of them is missing.
std::optional<RouteSettings> VrrpProcess::route_settings(const Route& route) const {
  RouteSettings settings{route, 0, {}};
  if (!route.interface.empty()) {
    const Link* link = links_->find(route.interface);
    if (link == nullptr) return std::nullopt;
    settings.interface = link->index;
  }
  for (const NextHop& hop : route.nexthops) {
    const Link* link = hop.interface.empty() ? nullptr : links_->find(hop.interface);
    if (link == nullptr && !hop.interface.empty()) return std::nullopt;
    settings.nexthops.push_back(link == nullptr ? 0 : link->index);
  }
  return settings;
}

/// From now on these routes must be there, and what is in `held` and not among them must not.
void VrrpProcess::hold_routes(Claim claim, const std::vector<Route>& routes,
                              std::set<RouteKey>& held) {
  std::set<RouteKey> now;
  for (Route place; const Route& written : routes) {
    const Route* const route = in_vrf(written, *links_, place);
    auto settings = route == nullptr ? std::nullopt : route_settings(*route);
    if (!settings) continue;
    const RouteKey key = key_of(*route);
    now.insert(key);
    reconciler_->routes().want(key, std::move(*settings),
                               claim_of(claim.owner, claim.on_loss, route->no_track));
  }
  replace_held(held, std::move(now),
               [&](const RouteKey& key) { reconciler_->routes().unwant(key, claim.owner); });
}

void VrrpProcess::hold_rules(Claim claim, const std::vector<PolicyRule>& rules,
                             std::set<RuleKey>& held) {
  std::set<RuleKey> now;
  for (const PolicyRule& rule : rules) {
    const RuleKey key = key_of(rule, 0);
    now.insert(key);
    reconciler_->routes().want(key, claim_of(claim.owner, claim.on_loss, rule.no_track));
  }
  replace_held(held, std::move(now),
               [&](const RuleKey& key) { reconciler_->routes().unwant(key, claim.owner); });
}

/// Names of the lines become numbers, and rules without a preference get one.
void VrrpProcess::resolve_routes(VrrpConfig& next) {
  IprouteNames names{next.globals.common.iproute_etc_dir, next.globals.common.iproute_usr_dir};
  std::array<std::uint32_t, 2> preferences{first_preference, first_preference};
  const auto drop_unknown = [&](auto& lines, std::string_view what) {
    std::erase_if(lines, [&](auto& line) {
      std::string unknown;
      if (names.resolve(line, unknown)) return false;
      log_.write(Event{Level::error, "unknown_name",
                       fmt::format("a {} names {}, which iproute2's files do not have; it is left "
                                   "out",
                                   what, unknown)});
      return true;
    });
  };
  const auto number_rules = [&](std::vector<PolicyRule>& rules) {
    for (PolicyRule& rule : rules)
      if (!rule.priority) {
        rule.priority = preferences.at(family_of(rule) == Family::ipv4 ? 0 : 1)--;
        log_.write(Event{Level::notice, "rule_preference",
                         fmt::format("a rule without a preference gets {}", *rule.priority)});
      }
  };
  for (Instance& instance : next.instances) {
    drop_unknown(instance.routes, "route");
    drop_unknown(instance.rules, "rule");
    number_rules(instance.rules);
  }
  drop_unknown(next.statics.routes, "route");
  drop_unknown(next.statics.rules, "rule");
  number_rules(next.statics.rules);
}

void VrrpProcess::set_configured_routes(const StaticConfig& statics) {
  std::set<RouteKey> routes;
  std::set<RuleKey> rules;
  const auto add = [&](const std::vector<Route>& from, const std::vector<PolicyRule>& more) {
    for (Route place; const Route& written : from)
      if (const Route* const route = in_vrf(written, *links_, place)) routes.insert(key_of(*route));
    for (const PolicyRule& rule : more) rules.insert(key_of(rule, 0));
  };
  for (const auto& [name, instance] : instances_)
    add(instance->config.routes, instance->config.rules);
  add(statics.routes, statics.rules);
  reconciler_->routes().set_configured(std::move(routes), std::move(rules));
  watch_routes();
}

/// static_ipaddress and the like: from the start to the stop, whatever the instances do.
void VrrpProcess::hold_statics(StaticConfig statics) {
  statics_ = std::move(statics);
  for (VirtualAddress& address : statics_.addresses)
    if (address.interface.empty()) address.interface = globals_.vrrp.default_interface;
  renew_statics();
}

void VrrpProcess::renew_statics() {
  const Claim claim{&statics_, OnLoss::restore};
  const AnnouncePlan silent{0, Duration{0}, Duration{0}, 0};
  std::set<AddressKey> now;
  want_addresses(statics_.addresses, silent, claim, now);
  replace_held(static_addresses_, std::move(now),
               [&](const AddressKey& key) { reconciler_->unwant(key, claim.owner); });
  hold_routes(claim, statics_.routes, static_routes_);
  hold_rules(claim, statics_.rules, static_rules_);
}

void VrrpProcess::kernel_changed() {
  const TimePoint now = monotonic_now();
  const std::vector<Loss> losses = reconciler_->kernel_changed(now);
  links_->forget_downs();
  std::unordered_map<Owner, RunningInstance*> owners;
  if (!losses.empty())
    for (const auto& [name, instance] : instances_) owners.emplace(instance.get(), instance.get());
  for (const Loss& loss : losses)
    if (const auto owner = owners.find(loss.owner); owner != owners.end())
      lost(*owner->second, loss, now);
  work_soon();
  arm_timer();
}

void VrrpProcess::lost(RunningInstance& instance, const Loss& loss, TimePoint now) {
  log_.write(Event{loss.on_loss == OnLoss::ignore ? Level::info : Level::warning, "object_lost",
                   fmt::format("({}) another program removed {}", instance.config.name, loss.what)}
                 .with("router", instance.config.name)
                 .with("object", loss.what));
  if (loss.on_loss == OnLoss::ignore) return;
  if (instance.removals.add(loss.what, now)) {
    instance.meddled_until = now + meddling_pause;
    if (!meddling_ends_) meddling_ends_ = instance.meddled_until;
    settle_interface(instance);
  } else if (loss.on_loss == OnLoss::tell) {
    deliver(instance, HoldingsLost{loss.what}, now);
  }
}

void VrrpProcess::end_meddling(TimePoint now) {
  meddling_ends_.reset();
  for (auto& [name, instance] : instances_) {
    if (instance->meddled_until && *instance->meddled_until <= now) {
      instance->meddled_until.reset();
      settle_interface(*instance);
    }
    meddling_ends_ = earliest(meddling_ends_, instance->meddled_until);
  }
}

}  // namespace holdfast::vrrp
