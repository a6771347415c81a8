#include "vrrp/linux/tracking.h"

#include <algorithm>

#include "daemon/process/clock.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

using process::monotonic_now;

namespace {

std::string reason_of(const Tracked& tracked, const TrackedThing& thing) {
  switch (tracked.kind) {
    case TrackKind::interface:
      return fmt::format("tracked interface {} is {}", tracked.name,
                         thing.reading.kind == Reading::Kind::good ? "up" : "down");
    case TrackKind::script:
      return fmt::format("vrrp_script {} {}", tracked.name,
                         thing.reading.kind == Reading::Kind::good ? "succeeds" : "fails");
    case TrackKind::file:
      return fmt::format("track_file {} has {}", tracked.name, thing.reading.number);
    case TrackKind::process:
      return fmt::format("vrrp_track_process {} {} its quorum", tracked.name,
                         thing.reading.kind == Reading::Kind::good ? "has" : "has lost");
    case TrackKind::bfd:
      break;
  }
  return fmt::format("{} is bad", tracked.name);
}

bool uses(const RunningInstance& instance, const std::string& interface) {
  return instance.config.interface == interface ||
         std::ranges::any_of(instance.config.tracked, [&](const Tracked& tracked) {
           return tracked.kind == TrackKind::interface && tracked.name == interface;
         });
}

/// linkbeat_use_polling of all and of an instance, and linkbeat_interfaces.
template <typename Instances>
std::map<std::string, LinkbeatMethod> polled_links(const StaticConfig& statics,
                                                   const Instances& instances) {
  std::map<std::string, LinkbeatMethod> polled;
  for (const LinkbeatInterface& line : statics.linkbeat)
    polled.emplace(line.interface, line.method);
  for (const auto& [name, instance] : instances) {
    const Instance& config = instance->config;
    if (!statics.polls_all_links && !config.linkbeat_use_polling) continue;
    if (!config.interface.empty()) polled.emplace(config.interface, LinkbeatMethod::automatic);
    if (!statics.polls_all_links) continue;
    for (const Tracked& tracked : config.tracked)
      if (tracked.kind == TrackKind::interface)
        polled.emplace(tracked.name, LinkbeatMethod::automatic);
  }
  return polled;
}

}  // namespace

std::set<std::string> Tracking::faults_of(const RunningInstance& instance) const {
  std::set<std::string> faults;
  if (!instance.tracked.has_fault()) return faults;
  for (std::size_t i = 0; i < instance.tracked.parts().size(); ++i) {
    if (!instance.tracked.parts()[i].fault) continue;
    const Tracked& tracked = instance.config.tracked[i];
    const auto thing = things.find({tracked.kind, tracked.name});
    if (thing != things.end()) faults.insert(reason_of(tracked, thing->second));
  }
  return faults;
}

std::optional<TimePoint> Tracking::deadline() const {
  std::optional<TimePoint> next = polling.deadline();
  if (!damped.empty()) next = earliest(next, damped.begin()->first);
  for (const auto& [name, settling] : links) next = earliest(next, settling.due());
  return next;
}

void Tracking::forget(const RunningInstance& instance) {
  std::erase_if(damped, [&](const auto& entry) { return entry.second == &instance; });
  for (auto& [key, thing] : things)
    std::erase_if(thing.users, [&](const auto& user) { return user.first == &instance; });
}

/// Readings stay what they were; who uses them is found anew.
void VrrpProcess::set_tracking(const VrrpConfig& config) {
  const TimePoint now = monotonic_now();
  auto before = std::exchange(tracking_.things, {});
  tracking_.delays.clear();
  for (InterfaceDelay delay : config.statics.delays) {
    // runtime.md 9.5: a router that is cut off must not stay Active for longer.
    for (const auto& [name, instance] : instances_)
      if (uses(*instance, delay.interface))
        delay.down = std::min(delay.down, 2 * instance->router.advertisement_interval);
    tracking_.delays.emplace(delay.interface, delay);
  }
  std::erase_if(tracking_.links,
                [&](const auto& entry) { return !tracking_.delays.contains(entry.first); });
  for (auto& [name, instance] : instances_) {
    instance->tracked = TrackedSum{instance->config.tracked.size()};
    for (std::size_t i = 0; i < instance->config.tracked.size(); ++i) {
      const Tracked& tracked = instance->config.tracked[i];
      const Tracking::Key key{tracked.kind, tracked.name};
      TrackedThing& thing = tracking_.things[key];
      if (const auto old = before.find(key); old != before.end())
        thing.reading = old->second.reading;
      thing.users.emplace_back(instance.get(), i);
    }
  }
  for (auto& [key, thing] : tracking_.things)
    for (const auto& [instance, index] : thing.users)
      instance->tracked.set(index, contribution(instance->config.tracked[index], thing.reading));
  tracking_.polling.set(polled_links(config.statics, instances_), now);
  poll_links(now);
  read_interfaces(now);
  set_scripts(config.trackers.scripts, now);
  set_files(config.trackers.files);
  set_processes(config.trackers.processes, now);
  for (auto& [name, instance] : instances_) {
    if (waits_to_start(*instance)) instance->damper.reset(instance->tracked.total());
    settle_priority(*instance, now);
    settle_interface(*instance);
  }
}

bool VrrpProcess::is_up(const Link& link) const {
  const auto settling = tracking_.links.find(link.name);
  return settling == tracking_.links.end() ? tracking_.runs(link) : settling->second.counts();
}

/// What netlink says of the interfaces, with the delays of interface_up_down_delays. They count
/// once an interface has been up.
void VrrpProcess::read_interfaces(TimePoint now) {
  for (const auto& [name, delay] : tracking_.delays) {
    const Link* link = links_->find(name);
    if (link == nullptr) {
      tracking_.links.erase(name);
      continue;
    }
    const auto known = tracking_.links.find(name);
    const bool runs = tracking_.runs(*link);
    if (known != tracking_.links.end())
      known->second.set(runs, now, runs ? delay.up : delay.down);
    else if (runs)
      tracking_.links.emplace(name, Settling{true});
  }
  for (auto& [key, thing] : tracking_.things) {
    if (key.first != TrackKind::interface) continue;
    // A VMAC is up while its instance is Active: what counts is its base.
    const Link* base = made_links_->base_of(key.second);
    const Link* link = base == nullptr ? links_->find(key.second) : base;
    set_reading(key.first, key.second, Reading::of(link != nullptr && is_up(*link)), now);
  }
}

void VrrpProcess::set_reading(TrackKind kind, const std::string& name, const Reading& reading,
                              TimePoint now) {
  const auto found = tracking_.things.find({kind, name});
  if (found == tracking_.things.end() || found->second.reading == reading) return;
  found->second.reading = reading;
  bool was_waiting = false;
  for (const auto& [instance, index] : found->second.users) {
    was_waiting |= instance->tracked.is_waiting();
    if (!instance->tracked.set(index, contribution(instance->config.tracked[index], reading)))
      continue;
    settle_priority(*instance, now);
    settle_interface(*instance);
  }
  if (was_waiting) start_ready();
  arm_timer();
}

/// What the trackers add to the priority, as far as track_damping lets it count.
void VrrpProcess::settle_priority(RunningInstance& instance, TimePoint now) {
  const Duration hold = instance.config.track_damping;
  if (waits_to_start(instance))
    instance.damper.reset(instance.tracked.total());
  else
    instance.damper.set(instance.tracked.total(), now, hold);
  std::erase_if(tracking_.damped, [&](const auto& entry) { return entry.second == &instance; });
  if (const auto due = instance.damper.due(hold)) tracking_.damped.emplace(*due, &instance);
  const std::uint8_t priority =
      effective_priority(instance.config.router.priority, instance.damper.value());
  if (priority == instance.router.priority) return;
  const RouterConfig before = instance.router;
  instance.router.priority = priority;
  if (waits_to_start(instance)) return;
  log_.write(Event{Level::notice, "priority",
                   fmt::format("({}) Changing effective priority from {} to {}",
                               instance.config.name, before.priority, priority)}
                 .with("router", instance.config.name));
  const StateName state = name_of(instance.state);
  if (tells_priority(instance) && (state == StateName::active || state == StateName::backup))
    write_fifo("INSTANCE", instance.config.name,
               state == StateName::active ? "MASTER_PRIORITY" : "BACKUP_PRIORITY", priority);
  deliver(instance, ConfigChanged{before}, now);
}

/// @return whether an interface has another link than before
bool VrrpProcess::poll_links(TimePoint now) {
  const auto due = tracking_.polling.deadline();
  if (!due || *due > now) return false;
  const auto index_of = [this](const std::string& name) {
    const Link* const link = links_->find(name);
    return link == nullptr ? 0 : link->index;
  };
  return tracking_.polling.poll(index_of, now, log_);
}

void VrrpProcess::tracking_due(TimePoint now) {
  run_due_scripts(now);
  bool links_settled = poll_links(now);
  for (auto& [name, settling] : tracking_.links)
    if (settling.due() && *settling.due() <= now) {
      settling.at(now);
      links_settled = true;
    }
  if (links_settled) settle_interfaces();
  while (!tracking_.damped.empty() && tracking_.damped.begin()->first <= now)
    settle_priority(*tracking_.damped.begin()->second, now);
}

}  // namespace holdfast::vrrp
