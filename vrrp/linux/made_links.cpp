#include "vrrp/linux/made_links.h"

#include <linux/if_link.h>

#include <algorithm>
#include <array>

#include "vrrp/linux/route_reconciler.h"

namespace holdfast::vrrp {
namespace {

constexpr std::string_view macvlan{"macvlan"}, ipvlan{"ipvlan"};
/// An interface that somebody changes over and over is left to him for this long.
constexpr Duration contest_pause = std::chrono::seconds{1};

std::uint32_t ipvlan_flags(IpvlanMode mode) {
  switch (mode) {
    case IpvlanMode::bridge:
      return 0;
    case IpvlanMode::isolated:
      return IPVLAN_F_PRIVATE;
    case IpvlanMode::vepa:
      break;
  }
  return IPVLAN_F_VEPA;
}

std::string ipv4_setting(const std::string& interface, const char* name) {
  return fmt::format("net/ipv4/conf/{}/{}", interface, name);
}

std::string ipv6_setting(const std::string& interface, const char* name) {
  return fmt::format("net/ipv6/conf/{}/{}", interface, name);
}

bool is_same_device(const Link& link, const LinkSettings& wanted) {
  return link.kind == wanted.kind && link.base == wanted.base;
}

}  // namespace

Actual actual_of(const Link& link, const LinkSettings& wanted, bool marked) {
  const bool same = is_same_device(link, wanted);
  const bool exact =
      same && link.mode == wanted.mode && (wanted.kind != macvlan || link.mac == wanted.mac);
  if (!marked && !exact) return {false};
  if (!same) return {true, Actual::Fit::renew};
  const bool good =
      exact && link.up == wanted.up && link.group == wanted.group && link.alias == wanted.alias;
  return {true, good ? Actual::Fit::good : Actual::Fit::overwrite};
}

/// The text that `ip link` shows.
std::string MadeLinks::alias_of(const Wish& wish) const {
  return fmt::format("holdfast {} {}", mark_, wish.owner);
}

bool MadeLinks::is_ours(const Link& link) const {
  if (link.kind != macvlan && link.kind != ipvlan) return false;
  const auto held = held_.find(link.name);
  return (held != held_.end() && held->second == link.index) ||
         link.alias.starts_with(fmt::format("holdfast {} ", mark_));
}

void MadeLinks::hold(const std::string& name, std::uint32_t index) {
  const auto [entry, is_new] = held_.try_emplace(name, index);
  if (!is_new && std::exchange(entry->second, index) == index) return;
  if (ledger_.hold) ledger_.hold(name, index);
}

/// @param name a copy: the entry goes
void MadeLinks::forget(std::string name) {
  if (held_.erase(name) > 0 && ledger_.release) ledger_.release(name);
}

/// One may have vanished with its base, and another program's may have its name now.
void MadeLinks::forget_gone() {
  std::vector<std::string> gone;
  for (const auto& [name, index] : held_)
    if (const Link* link = links_.find(name); link == nullptr || link->index != index)
      gone.push_back(name);
  for (std::string& name : gone) forget(std::move(name));
}

/// After the kernel answered. What it refused to make is not ours: another program was faster.
void MadeLinks::settle_held(const LinkChange& change, bool refused) {
  const Link* const present = links_.find(change.key);
  if (change.kind == LinkChange::Kind::remove) {
    if (!refused && !wishes_.contains(change.key)) forget(change.key);
  } else if (!refused && present != nullptr) {
    hold(change.key, present->index);
  } else if (const auto held = held_.find(change.key); held != held_.end() && held->second == 0) {
    forget(change.key);
  }
}

LinkSettings MadeLinks::settings_of(const Wish& wish, bool up) const {
  const Link* const base = links_.find(wish.link.base);
  LinkSettings settings;
  const bool is_macvlan = wish.link.kind == MadeLink::Kind::macvlan;
  settings.kind = is_macvlan ? "macvlan" : "ipvlan";
  settings.base = base == nullptr ? 0 : base->index;
  if (is_macvlan) settings.mac = wish.link.mac;
  settings.mode = is_macvlan ? std::uint32_t{MACVLAN_MODE_PRIVATE} : ipvlan_flags(wish.link.mode);
  const std::uint32_t base_group = base == nullptr ? 0 : base->group;
  settings.group = wish.link.group ? wish.link.group->number : base_group;
  settings.alias = alias_of(wish);
  settings.up = up;
  return settings;
}

void MadeLinks::want(std::vector<Wish> wishes, process::Sysctls::Values settings, TimePoint now) {
  settings_ = std::move(settings);
  wishes_.clear();
  for (Wish& wish : wishes) {
    std::string name = wish.link.name;
    wishes_.insert_or_assign(std::move(name), std::move(wish));
  }
  std::vector<std::string> gone;
  for (const auto& [name, entry] : keeper_.wanted())
    if (!wishes_.contains(name)) gone.push_back(name);
  for (const std::string& name : gone) keeper_.unwant(name, nullptr);
  prepared_.clear();
  situations_.clear();
  keeper_.retry_all();
  reconcile(now);
  set_base_sysctls();
}

/// The base may be another interface of that name now.
void MadeLinks::renew() {
  for (const auto& [name, wish] : wishes_) {
    const auto* known = keeper_.find(name);
    keeper_.want(name, settings_of(wish, known == nullptr ? wish.up : known->settings.up),
                 {nullptr, OnLoss::restore});
  }
}

void MadeLinks::plan() {
  forget_gone();
  renew();
  std::map<std::string, Actual> actual;
  for (const auto& [index, link] : links_.all()) {
    const auto* wanted = keeper_.find(link.name);
    const bool ours = is_ours(link);
    if (wanted != nullptr)
      actual.emplace(link.name, actual_of(link, wanted->settings, ours));
    else if (ours)
      actual.emplace(link.name, Actual{true});
  }
  keeper_.plan(
      std::move(actual),
      [&](const std::string& name) { return links_.find(wishes_.at(name).link.base) != nullptr; },
      Actual::Fit::overwrite);
}

std::vector<LinkChange> MadeLinks::take_changes(TimePoint now) {
  constexpr std::size_t all = 1 << 20;
  auto batch = keeper_.take(LinkChange::Kind::remove, all);
  for (LinkChange& change : keeper_.take(LinkChange::Kind::add, all)) {
    if (contested_.contains(change.key)) continue;
    const bool is_there = links_.find(change.key) != nullptr;
    if (is_there) corrected_.insert(wishes_.at(change.key).owner);
    const auto* entry = keeper_.find(change.key);
    // Somebody sets it otherwise all the time: no fight without end.
    if (is_there && entry->applied == entry->settings && corrections_.add(change.key, now)) {
      contested_[change.key] = now + contest_pause;
      log_.write(Event{Level::warning, "link_contested",
                       fmt::format("another program keeps changing interface {}", change.key)});
    } else {
      batch.push_back(std::move(change));
    }
  }
  return batch;
}

/// Removals, then additions: first as interfaces that are down, then with all settings.
/// @return whether anything was sent
bool MadeLinks::pass(TimePoint now) {
  plan();
  const auto batch = take_changes(now);
  if (batch.empty()) return false;
  for (const LinkChange& change : batch)
    if (change.kind == LinkChange::Kind::add) {
      const Link* const present = links_.find(change.key);
      hold(change.key, present == nullptr ? 0 : present->index);
    }
  const auto failed = note_refusals(keeper_, batch, writer_.apply(batch, links_), log_, now);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (failed.contains(i)) continue;
    if (keeper_.accepted(batch[i]))
      report_restored(log_, "link_restored", "interface " + batch[i].key);
  }
  sent_ = true;
  links_.refresh();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    settle_held(batch[i], failed.contains(i));
    if (!failed.contains(i)) tell_base(batch[i].key);
  }
  return true;
}

void MadeLinks::reconcile(TimePoint now) {
  constexpr int made_corrected_and_once_more = 3;
  bool any_sent = false;
  for (int i = 0; i < made_corrected_and_once_more; ++i) {
    const bool sent = pass(now);
    any_sent |= sent;
    for (const auto& [name, wish] : wishes_)
      if (const Link* link = links_.find(name); link != nullptr && is_ours(*link))
        prepare(wish, *link);
    if (!sent) break;
  }
  if (any_sent) set_base_sysctls();  // a base that is made anew has lost them
}

/// Before it is up: nothing is said on its own, and nothing of the base interface is answered.
void MadeLinks::prepare(const Wish& wish, const Link& link) {
  auto& index = prepared_[link.name];
  if (std::exchange(index, link.index) == link.index) return;
  constexpr std::array<std::pair<const char*, const char*>, 4> ipv4{{{"arp_ignore", "1"},
                                                                     {"accept_local", "1"},
                                                                     {"rp_filter", "0"},
                                                                     {"promote_secondaries", "1"}}};
  for (const auto& [name, value] : ipv4) sysctls_.set(ipv4_setting(link.name, name), value);
  constexpr std::array<std::pair<const char*, const char*>, 5> ipv6{{{"addr_gen_mode", "1"},
                                                                     {"accept_ra", "0"},
                                                                     {"autoconf", "0"},
                                                                     {"router_solicitations", "0"},
                                                                     {"dad_transmits", "0"}}};
  for (const auto& [name, value] : ipv6) sysctls_.set(ipv6_setting(link.name, name), value);
  sysctls_.set(ipv6_setting(link.name, "disable_ipv6"), wish.link.carries_ipv6 ? "0" : "1");
  // It forwards as its base does (RFC 9568 6.4.3).
  for (const auto& path : {ipv4_setting, ipv6_setting})
    if (const auto value = sysctls_.get(path(wish.link.base, "forwarding")))
      sysctls_.set(path(link.name, "forwarding"), *value);
}

/// Of the interfaces below VMACs: the host must neither answer nor ask by ARP for the addresses of
/// a VMAC with the MAC of another interface (RFC 9568 8.1.2).
void MadeLinks::set_base_sysctls() {
  process::Sysctls::Values wanted = settings_;
  bool has_vmac = false;
  for (const auto& [name, wish] : wishes_) {
    if (wish.link.kind != MadeLink::Kind::macvlan) continue;
    has_vmac = true;
    for (const char* setting : {"arp_ignore", "arp_filter"}) {
      const std::string path = ipv4_setting(wish.link.base, setting);
      if (sysctls_.original(path) == "0") wanted.emplace(path, "1");
    }
    wanted.emplace(ipv4_setting(wish.link.base, "arp_announce"), "2");
  }
  // A strict check of all interfaces holds for VMACs too, whose answers leave by the base. Each
  // interface gets the check of its own instead.
  const std::string everywhere = ipv4_setting("all", "rp_filter");
  if (has_vmac && sysctls_.original(everywhere) == "1") {
    wanted.emplace(everywhere, "0");
    const auto keep_strict = [&](const std::string& interface) {
      const std::string path = ipv4_setting(interface, "rp_filter");
      if (sysctls_.original(path) == "0") wanted.emplace(path, "1");
    };
    keep_strict("default");
    for (const auto& [index, link] : links_.all())
      if (!wishes_.contains(link.name)) keep_strict(link.name);
  }
  sysctls_.hold(std::move(wanted));
}

/// An interface that is made anew has the kernel's.
void MadeLinks::set_sysctls_of_new_links() {
  if (settings_.empty()) return;
  std::set<std::uint32_t> now;
  for (const auto& [index, link] : links_.all()) now.insert(index);
  if (now == indexes_) return;
  indexes_ = std::move(now);
  set_base_sysctls();
}

void MadeLinks::set_up(const std::string& name, bool up, TimePoint now) {
  const auto* const entry = keeper_.find(name);
  if (entry == nullptr) return;
  const bool waits = std::ranges::find(lowering_, name) != lowering_.end();
  if (up) {
    if (waits) std::erase(lowering_, name);
    if (!entry->settings.up) send_state(name, true, now);
  } else if (entry->settings.up && !waits) {
    lowering_.push_back(name);
  }
}

void MadeLinks::lower_next(TimePoint now) {
  if (lowering_.empty()) return;
  const std::string name = std::move(lowering_.front());
  lowering_.pop_front();
  if (keeper_.find(name) != nullptr) send_state(name, false, now);
}

void MadeLinks::send_state(const std::string& name, bool up, TimePoint now) {
  auto* const entry = keeper_.find(name);
  const Link* const link = links_.find(name);
  entry->settings.up = up;
  if (link == nullptr || !is_ours(*link) || !prepared_.contains(name)) return;
  if (auto done = writer_.set_up(*link, up); !done) {
    if (keeper_.refused(name, now))
      log_.write(Event{Level::error, "netlink_refused", done.error().what});
    return;
  }
  if (entry->applied) entry->applied->up = up;
  sent_ = true;
  links_.refresh();
  tell_base(name);
}

void MadeLinks::tell_base(const std::string& name) {
  const auto wish = wishes_.find(name);
  if (wish == wishes_.end() || !wish->second.link.notifies_base) return;
  if (const Link* base = links_.find(wish->second.link.base)) writer_.tell_again(*base);
}

/// What was refused waits for its turn, whatever happens to other interfaces meanwhile.
void MadeLinks::retry_changed() {
  for (const auto& [name, wish] : wishes_) {
    const Link* const own = links_.find(name);
    const Link* const base = links_.find(wish.link.base);
    const Situation now{own == nullptr ? 0 : own->index, base == nullptr ? 0 : base->index,
                        base != nullptr && base->up};
    if (std::exchange(situations_[name], now) != now) keeper_.retry(name);
  }
}

std::vector<MadeLinks::Lost> MadeLinks::kernel_changed(TimePoint now) {
  set_sysctls_of_new_links();
  if (wishes_.empty()) return {};
  retry_changed();
  std::set<std::string> present;
  for (const auto& [name, wish] : wishes_)
    if (links_.find(name) != nullptr) present.insert(name);
  std::vector<Lost> losses;
  for (const std::string& name : keeper_.losses(present, [&](const std::string& lost) {
         return links_.find(wishes_.at(lost).link.base) != nullptr;
       }))
    losses.push_back({wishes_.at(name).owner, "interface " + name});
  reconcile(now);
  return losses;
}

std::optional<TimePoint> MadeLinks::deadline() const {
  std::optional<TimePoint> next = keeper_.deadline();
  for (const auto& [name, until] : contested_) next = earliest(next, until);
  return next;
}

void MadeLinks::retry(TimePoint now) {
  const bool over =
      std::erase_if(contested_, [&](const auto& entry) { return entry.second <= now; }) > 0;
  if (keeper_.retry_due(now) || over) reconcile(now);
}

bool MadeLinks::is_taken(const MadeLink& link, const std::string& name) const {
  const Link* const present = links_.find(name);
  if (present == nullptr || is_ours(*present)) return false;
  return !actual_of(*present, settings_of({link, {}, false}, false), false).ours;
}

std::string MadeLinks::fault_of(const std::string& name) const {
  const auto wish = wishes_.find(name);
  if (wish == wishes_.end()) return {};
  const Link* const link = links_.find(name);
  if (link == nullptr) return fmt::format("interface {} could not be made", name);
  if (!is_ours(*link))
    return fmt::format("interface {} is there already, and is not the {} that is wanted", name,
                       wish->second.link.kind == MadeLink::Kind::macvlan ? macvlan : "ipvlan");
  return {};
}

const Link* MadeLinks::base_of(const std::string& name) const {
  const auto wish = wishes_.find(name);
  return wish == wishes_.end() ? nullptr : links_.find(wish->second.link.base);
}

}  // namespace holdfast::vrrp
