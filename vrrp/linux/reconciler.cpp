#include "vrrp/linux/reconciler.h"

#include <algorithm>
#include <iterator>

#include "daemon/process/clock.h"

namespace holdfast::vrrp {
namespace {

/// The kernel takes secondary addresses away within the removal; their echo comes at once.
constexpr Duration side_effect_window = std::chrono::milliseconds{500};

}  // namespace

Reconciler::Reconciler(Links& links, AddressWriter writer, Announcer announcer, Log& log)
    : links_{links},
      writer_{std::move(writer)},
      announcer_{std::move(announcer)},
      log_{log},
      routes_{links, log} {}

void Reconciler::set_buffers(const netlink::ReceiveBuffer& command,
                             const netlink::ReceiveBuffer& monitor) {
  command.apply(writer_.descriptor(), "address requests", log_);
  routes_.set_buffers(command, monitor);
}

void Reconciler::set_pacing(Pacing pacing, TimePoint now) {
  pacing_ = std::move(pacing);
  schedule_.set_pace(
      [this](const Announcement& what) {
        const Link* link = links_.find(what.interface);
        // What a VMAC sends leaves through its base, and fills the same switch.
        if (link != nullptr && (link->kind == "macvlan" || link->kind == "ipvlan"))
          if (const Link* base = links_.find(link->base)) link = base;
        return pacing_.of(link == nullptr ? "" : link->name,
                          link == nullptr ? what.interface : link->index, what.address.family());
      },
      now);
}

void Reconciler::set_virtual(std::map<VirtualKey, bool> addresses) {
  virtual_ = std::move(addresses);
  dirty_ = true;
}

std::optional<Reconciler::VirtualKey> Reconciler::virtual_key(const AddressKey& key) const {
  const Link* link = links_.find(key.interface);
  if (link == nullptr) return std::nullopt;
  return VirtualKey{key.address, key.prefix_length, link->name};
}

bool Reconciler::is_virtual(const AddressKey& key) const {
  const auto name = virtual_key(key);
  return name && virtual_.contains(*name);
}

/// The mark alone says so only at the start: it may also be that of another daemon.
bool Reconciler::is_ours(const AddressKey& key, bool marked) const {
  const auto name = virtual_key(key);
  if (!name) return false;
  if (held_.contains(*name) || (marked && first_plan_)) return true;
  const auto configured = virtual_.find(*name);
  return configured != virtual_.end() && !configured->second;
}

void Reconciler::hold(const AddressKey& key, const std::optional<IpAddress>& peer) {
  const auto name = virtual_key(key);
  if (name && held_.insert(*name).second && ledger_.hold) ledger_.hold(*name, peer);
}

void Reconciler::forget(const VirtualKey& key) {
  if (held_.erase(key) > 0 && ledger_.release) ledger_.release(key);
}

/// What we hold stays ours when its interface is renamed.
void Reconciler::follow_names() {
  for (const auto& [index, before] : links_.take_renamed())
    for (const auto& [key, entry] : links_.addresses())
      if (const VirtualKey old{key.address, key.prefix_length, before};
          key.interface == index && held_.contains(old)) {
        hold(key, entry.peer);
        forget(old);
      }
}

/// What is wanted and already there becomes ours, save an owner's own address; what is neither
/// wanted nor there any more is forgotten.
void Reconciler::adopt_and_forget() {
  for (const auto& [key, entry] : links_.addresses())
    if (addresses_.find(key) != nullptr && is_ours(key, entry.marked)) hold(key, entry.peer);
  std::vector<VirtualKey> gone;
  for (const VirtualKey& held : held_) {
    const auto& [address, length, name] = held;
    const Link* link = links_.find(name);
    const AddressKey key{link == nullptr ? 0 : link->index, address, length};
    if (link == nullptr || (!links_.addresses().contains(key) && addresses_.find(key) == nullptr))
      gone.push_back(held);
  }
  for (const VirtualKey& key : gone) forget(key);
}

void Reconciler::want(const AddressKey& key, const AddressSettings& settings,
                      const AnnouncePlan& plan, Claim claim) {
  addresses_.want(key, settings, claim);
  plans_[key] = plan;
  dirty_ = true;
}

void Reconciler::unwant(const AddressKey& key, Owner owner) {
  if (!addresses_.unwant(key, owner)) return;
  plans_.erase(key);
  schedule_.cancel({key.interface, key.address});
  dirty_ = true;
}

void Reconciler::announce(const AddressKey& key, const AnnouncePlan& plan, TimePoint now) {
  if (links_.addresses().contains(key) && addresses_.find(key) != nullptr)
    schedule_.start({key.interface, key.address}, plan, now);
}

void Reconciler::defend(const AddressKey& key, TimePoint now) {
  if (links_.addresses().contains(key) && addresses_.find(key) != nullptr)
    schedule_.repeat({key.interface, key.address}, now);
}

std::vector<Loss> Reconciler::kernel_changed(TimePoint now) {
  dirty_ = true;
  addresses_.retry_all();
  std::vector<Loss> losses = routes_.kernel_changed();
  for (const AddressKey& key :
       addresses_.losses(links_.addresses(), [&](const AddressKey& k) { return can_be_lost(k); })) {
    auto& entry = *addresses_.find(key);
    // The kernel removes secondary addresses with their primary one: that was our own doing.
    const auto removal = removed_at_.find(key.interface);
    if (removal != removed_at_.end() && now - removal->second < side_effect_window)
      entry.lost = false;
    else
      losses.push_back({entry.claim.owner, entry.claim.on_loss,
                        fmt::format("{}/{}", key.address.to_string(), key.prefix_length)});
  }
  return losses;
}

/// IPv6 addresses go when their link goes down, and come back with it.
bool Reconciler::can_be_lost(const AddressKey& key) const {
  const Link* link = links_.find(key.interface);
  return link != nullptr && (key.address.is_v4() || (link->up && !links_.was_down(key.interface)));
}

void Reconciler::plan_changes(TimePoint now) {
  dirty_ = false;
  follow_names();
  adopt_and_forget();
  std::map<AddressKey, Actual> actual;
  for (const auto& [key, entry] : links_.addresses())
    actual.emplace(key, Actual{is_ours(key, entry.marked),
                               entry.dad_failed ? Actual::Fit::renew : Actual::Fit::good});
  for (const auto& [key, entry] : actual)
    if (entry.fit == Actual::Fit::renew && entry.ours && addresses_.find(key) != nullptr)
      duplicates_.write(log_, now,
                        Event{Level::warning, "duplicate_address",
                              fmt::format("{} is used by another host; it is tried again",
                                          key.address.to_string())}
                            .with("address", key.address.to_string()));
  addresses_.plan(
      std::move(actual), [&](const AddressKey& key) { return can_be_lost(key); },
      Actual::Fit::renew);
  routes_.plan();
  first_plan_ = false;
}

bool Reconciler::work(TimePoint now) {
  if (addresses_.retry_due(now)) dirty_ = true;
  if (routes_.retry_due(now)) dirty_ = true;
  if (dirty_) plan_changes(now);
  apply_slice(now);
  send_announcements(process::monotonic_now());  // their gaps count from when they leave
  return has_pending() || (schedule_.deadline() && *schedule_.deadline() <= now);
}

void Reconciler::apply_slice(TimePoint now) {
  using Kind = AddressChange::Kind;
  // What goes: rules and routes before the addresses. What comes: addresses, their announcements
  // (between the slices), routes and rules.
  if (routes_.removes())
    routes_.remove_slice(Slice::most, now);
  else if (addresses_.removes())
    apply(addresses_.take(Kind::remove, slice_.size()), now);
  else if (addresses_.adds())
    apply(addresses_.take(Kind::add, slice_.size()), now);
  else if (routes_.adds())
    routes_.add_slice(Slice::most, now);
}

void Reconciler::apply(std::vector<AddressChange> batch, TimePoint now) {
  if (batch.empty()) return;
  sent_changes_ = true;
  for (AddressChange& change : batch) {
    if (change.kind == AddressChange::Kind::add)
      hold(change.key, change.settings.peer);
    else if (const auto there = links_.addresses().find(change.key);
             there != links_.addresses().end())
      change.settings.peer = there->second.peer;
  }
  const TimePoint begun = process::monotonic_now();
  const auto refusals = writer_.apply(batch);
  slice_.took(batch.size(), process::monotonic_now() - begun);
  const auto failed = note_refusals(addresses_, batch, refusals, log_, now);
  counters_.refused += failed.size();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (failed.contains(i)) continue;
    const bool is_back = addresses_.accepted(batch[i]);
    if (batch[i].kind == AddressChange::Kind::remove)
      removed(batch[i].key, now);
    else
      added(batch[i], now);
    if (is_back)
      report_restored(
          log_, "address_restored",
          fmt::format("{}/{}", batch[i].key.address.to_string(), batch[i].key.prefix_length));
  }
}

void Reconciler::removed(const AddressKey& key, TimePoint now) {
  ++counters_.removed;
  removed_at_[key.interface] = now;
  // One that is made anew stays ours.
  if (const auto name = virtual_key(key); name && addresses_.find(key) == nullptr) forget(*name);
  links_.note_removed(key);
}

void Reconciler::added(const AddressChange& change, TimePoint now) {
  ++counters_.added;
  links_.note_added(change.key, change.settings.peer);
  if (const auto plan = plans_.find(change.key); plan != plans_.end())
    schedule_.start({change.key.interface, change.key.address}, plan->second, now);
}

void Reconciler::send_announcements(TimePoint now) {
  std::vector<Announcer::Frame> frames;
  using Which = AnnounceSchedule::Which;
  const Which which = addresses_.adds() ? Which::first_copies : Which::all;
  for (const Announcement& what : schedule_.take_due(now, Slice::most, which))
    if (const Link* link = links_.find(what.interface))
      frames.push_back({link->index, link->name, link->mac, what.address});
  if (!frames.empty()) counters_.announced += announcer_.send(frames);
}

std::optional<TimePoint> Reconciler::deadline() const {
  return earliest(earliest(schedule_.deadline(), addresses_.deadline()), routes_.deadline());
}

}  // namespace holdfast::vrrp
