// The interfaces that instances make, from their configuration and their state to what MadeLinks is
// told.
#include <boost/asio/post.hpp>

#include "daemon/process/clock.h"
#include "vrrp/config/virtual_links.h"
#include "vrrp/linux/iproute_names.h"
#include "vrrp/linux/process.h"
#include "vrrp/linux/release.h"

namespace holdfast::vrrp {

using process::monotonic_now;

/// What is made and changed is recorded. @param first what a dead predecessor left is ours
void VrrpProcess::record_links(bool first) {
  made_links_->set_ledger(
      {[this](const std::string& name, std::uint32_t index) {
         put_record(made_link_record(name), std::as_bytes(std::span{&index, 1}));
       },
       [this](const std::string& name) { table_->erase(made_link_record(name)); }});
  made_links_->sysctls().set_ledger(
      {[this](const std::string& path, const std::string& original) {
         put_record(sysctl_record(path), std::as_bytes(std::span{original}));
       },
       [this](const std::string& path) { table_->erase(sysctl_record(path)); }});
  if (!first) return;
  for (const std::string& record : table_->keys()) {
    if (const auto name = made_link_of(record))
      made_links_->inherit(*name, made_link_index(table_->get(record)));
    if (const auto path = sysctl_of(record)) {
      const auto value = table_->get(record);
      made_links_->sysctls().inherit(
          *path, std::string{reinterpret_cast<const char*>(value.data()), value.size()});
    }
  }
}

/// A link that runs keeps its name, whatever other name has become free; and a default name makes
/// way for an interface that somebody else has.
void VrrpProcess::name_made_links(VrrpConfig& next) {
  IprouteNames names{next.globals.common.iproute_etc_dir, next.globals.common.iproute_usr_dir};
  for (Instance& instance : next.instances) {
    const auto running = instances_.find(instance.name);
    for (std::size_t i = 0; i < instance.made.size(); ++i) {
      MadeLink& link = instance.made[i];
      std::string unknown;
      if (link.group && !names.resolve_group(*link.group, unknown)) {
        log_.write(Event{Level::error, "unknown_name",
                         fmt::format("({}) interface {} is in the group of its base: iproute2's "
                                     "files do not have {}",
                                     instance.name, link.name, unknown)});
        link.group.reset();
      }
      if (!link.has_default_name) continue;
      link.name.clear();
      if (running == instances_.end() || running->second->config.made.size() <= i) continue;
      const MadeLink& before = running->second->config.made[i];
      const bool same = before.kind == link.kind && before.base == link.base &&
                        before.mac == link.mac && before.has_default_name;
      if (same && next.globals.vrrp.vmac_prefix == globals_.vrrp.vmac_prefix &&
          next.globals.vrrp.vmac_addr_prefix == globals_.vrrp.vmac_addr_prefix)
        link.name = before.name;
    }
  }
  name_links(next.instances, next.globals, [this](const MadeLink& link, const std::string& name) {
    return made_links_->is_taken(link, name);
  });
}

void VrrpProcess::want_made_links(const std::vector<Instance>& instances, bool no_local_igmp) {
  std::vector<MadeLinks::Wish> wishes;
  for (const Instance& instance : instances)
    for (const MadeLink& link : instance.made) {
      // A predecessor's stays as it is until it is known whether the instance goes on.
      const Link* const present = links_->find(link.name);
      wishes.push_back({link, instance.name, restarted_ && present != nullptr && present->up});
    }
  process::Sysctls::Values settings;
  for (const Instance& instance : instances)
    if (instance.promote_secondaries && !instance.interface.empty())
      settings.emplace(fmt::format("net/ipv4/conf/{}/promote_secondaries", instance.interface),
                       "1");
  if (no_local_igmp) settings.emplace("net/ipv4/igmp_link_local_mcast_reports", "0");
  made_links_->want(std::move(wishes), std::move(settings), monotonic_now());
  made_links_changed();
}

/// Up while the instance is Active. At a stop they are removed, or stay as they are with -V.
void VrrpProcess::follow_links(const RunningInstance& instance) {
  if (instance.config.made.empty() || stopping_) return;
  const bool active = std::holds_alternative<Active>(instance.state);
  for (const MadeLink& link : instance.config.made)
    made_links_->set_up(link.name, active, monotonic_now());
  made_links_changed();
}

/// True as well without a link of its own: what it cannot send has another reason then.
bool VrrpProcess::own_link_runs(const RunningInstance& instance) const {
  const PortKey key = sending_port_of(instance);
  const Link* const link = links_->find(key.interface);
  return key.interface == instance.interface || link == nullptr || link->running;
}

/// The kernel knows the routes of IPv6 groups a moment after the interface was set up.
void VrrpProcess::send_owed_adverts() {
  for (auto& [name, instance] : instances_)
    if (instance->owes_advert && std::holds_alternative<Active>(instance->state))
      send_advert(*instance, instance->router.priority);
}

/// What others did to them is undone.
void VrrpProcess::correct_made_links() {
  const TimePoint now = monotonic_now();
  for (const MadeLinks::Lost& loss : made_links_->kernel_changed(now))
    if (const auto owner = instances_.find(loss.owner); owner != instances_.end())
      lost(*owner->second, {owner->second.get(), OnLoss::restore, loss.what}, now);
  made_links_changed();
}

/// One at a time, so that adverts leave and arrive in between.
void VrrpProcess::lower_soon() {
  if (std::exchange(lowering_posted_, true)) return;
  boost::asio::post(context_, [this] {
    lowering_posted_ = false;
    if (stopping_) return;
    made_links_->lower_next(monotonic_now());
    made_links_changed();
  });
}

/// When something was sent, everybody looks again; and where hosts may have learned something else
/// meanwhile, they are told.
void VrrpProcess::made_links_changed() {
  for (const std::string& owner : made_links_->take_corrected())
    if (const auto found = instances_.find(owner);
        found != instances_.end() && std::holds_alternative<Active>(found->second->state))
      announce(*found->second, Occasion::resumed, monotonic_now());
  if (made_links_->lowers()) lower_soon();
  if (!made_links_->take_finished() || std::exchange(links_posted_, true)) return;
  boost::asio::post(context_, [this] {
    links_posted_ = false;
    if (!stopping_) links_changed();
  });
}

}  // namespace holdfast::vrrp
