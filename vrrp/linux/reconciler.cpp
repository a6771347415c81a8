#include "vrrp/linux/reconciler.h"

#include <algorithm>
#include <iterator>

namespace holdfast::vrrp {
namespace {

/// Addresses and announcements in one slice. @source performance-baseline: chunks of 64 cost the
/// same as one message for all
constexpr std::size_t slice = 64;
/// A refused change is tried again after this long.
constexpr Duration retry_after = std::chrono::seconds{1};

}  // namespace

Reconciler::Reconciler(Links& links, AddressWriter writer, ArpSender arp, Log& log)
    : links_{links}, writer_{std::move(writer)}, arp_{std::move(arp)}, log_{log} {}

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

void Reconciler::hold(const AddressKey& key) {
  const auto name = virtual_key(key);
  if (name && held_.insert(*name).second && ledger_.hold) ledger_.hold(*name);
}

void Reconciler::forget(const VirtualKey& key) {
  if (held_.erase(key) > 0 && ledger_.release) ledger_.release(key);
}

/// What is wanted and already there becomes ours, save an owner's own address; what is neither
/// wanted nor there any more is forgotten.
void Reconciler::adopt_and_forget() {
  std::set<VirtualKey> present;
  for (const auto& [key, entry] : links_.addresses()) {
    if (wanted_.contains(key) && is_ours(key, entry.marked)) hold(key);
    if (const auto name = virtual_key(key)) present.insert(*name);
  }
  for (const auto& [key, entry] : wanted_)
    if (const auto name = virtual_key(key)) present.insert(*name);
  std::vector<VirtualKey> gone;
  std::ranges::set_difference(held_, present, std::back_inserter(gone));
  for (const VirtualKey& key : gone) forget(key);
}

void Reconciler::want(const AddressKey& key, const AddressSettings& settings,
                      const AnnouncePlan& plan) {
  Wanted& entry = wanted_[key];
  entry.settings = settings;
  entry.plan = plan;
  dirty_ = true;
}

void Reconciler::unwant(const AddressKey& key) {
  wanted_.erase(key);
  schedule_.cancel({key.interface, key.address});
  dirty_ = true;
}

void Reconciler::announce(const AddressKey& key, const AnnouncePlan& plan, TimePoint now) {
  if (links_.addresses().contains(key) && wanted_.contains(key))
    schedule_.start({key.interface, key.address}, plan, now);
}

void Reconciler::plan_changes() {
  dirty_ = false;
  adopt_and_forget();
  WantedAddresses wanted;
  for (const auto& [key, entry] : wanted_)
    if (links_.find(key.interface) != nullptr) wanted.emplace(key, entry.settings);
  ActualAddresses actual;
  for (const auto& [key, entry] : links_.addresses())
    actual.emplace(key, ActualAddress{is_ours(key, entry.marked)});
  pending_ = difference(wanted, actual);
  std::ranges::reverse(pending_);
  first_plan_ = false;
}

bool Reconciler::work(TimePoint now) {
  std::erase_if(retry_at_, [&](const auto& entry) {
    if (entry.second > now) return false;
    dirty_ = true;
    return true;
  });
  if (dirty_) plan_changes();
  if (!pending_.empty()) apply_slice(now);
  send_announcements(now);
  return !pending_.empty() || (schedule_.deadline() && *schedule_.deadline() <= now);
}

void Reconciler::apply_slice(TimePoint now) {
  std::vector<AddressChange> batch;
  while (!pending_.empty() && batch.size() < slice) {
    if (!retry_at_.contains(pending_.back().key)) batch.push_back(std::move(pending_.back()));
    pending_.pop_back();
  }
  if (batch.empty()) return;
  sent_changes_ = true;
  for (const AddressChange& change : batch)
    if (change.kind == AddressChange::Kind::add) hold(change.key);
  const auto refused = writer_.apply(batch);
  std::set<std::size_t> failed;
  for (const netlink::Refusal& refusal : refused) {
    failed.insert(refusal.index);
    ++counters_.refused;
    retry_at_[batch[refusal.index].key] = now + retry_after;
    log_.write(Event{Level::error, "netlink_refused", refusal.error.what});
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (failed.contains(i)) continue;
    if (batch[i].kind == AddressChange::Kind::add) {
      added(batch[i].key, now);
    } else {
      ++counters_.removed;
      if (const auto name = virtual_key(batch[i].key)) forget(*name);
      links_.note_removed(batch[i].key);
    }
  }
}

void Reconciler::added(const AddressKey& key, TimePoint now) {
  ++counters_.added;
  links_.note_added(key);
  const auto entry = wanted_.find(key);
  if (entry == wanted_.end()) return;
  if (std::exchange(entry->second.added_once, true))
    log_.write(Event{Level::warning, "address_restored",
                     fmt::format("{}/{} was removed by another program and is back",
                                 key.address.to_string(), key.prefix_length)}
                   .with("address", key.address.to_string()));
  schedule_.start({key.interface, key.address}, entry->second.plan, now);
}

void Reconciler::send_announcements(TimePoint now) {
  std::vector<ArpSender::Frame> frames;
  for (const Announcement& what : schedule_.take_due(now, slice))
    if (const Link* link = links_.find(what.interface))
      frames.push_back({link->index, link->mac, what.address});
  if (!frames.empty()) counters_.announced += arp_.send(frames);
}

std::optional<TimePoint> Reconciler::deadline() const {
  std::optional<TimePoint> earliest = schedule_.deadline();
  for (const auto& [key, when] : retry_at_)
    if (!earliest || when < *earliest) earliest = when;
  return earliest;
}

}  // namespace holdfast::vrrp
