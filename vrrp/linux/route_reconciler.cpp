#include "vrrp/linux/route_reconciler.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace holdfast::vrrp {
namespace {

/// No name of an instance begins with them: it has no line break.
constexpr std::string_view route_prefix{"\nroute "};
constexpr std::string_view rule_prefix{"\nrule "};

/// Of the kernel's objects, those that are wanted or are ours to remove.
template <typename Key, typename Settings>
std::map<Key, Actual> ours_of(const std::set<Key>& present, const Keeper<Key, Settings>& keeper,
                              const std::set<Key>& configured, const std::set<Key>& held) {
  std::map<Key, Actual> actual;
  for (const Key& key : present)
    if (keeper.wanted().contains(key) || configured.contains(key) || held.contains(key))
      actual.emplace(key, Actual{true});
  return actual;
}

template <typename Key, typename Settings>
void collect_losses(std::vector<Loss>& out, Keeper<Key, Settings>& keeper,
                    const std::vector<Key>& lost) {
  for (const Key& key : lost) {
    const Claim& claim = keeper.find(key)->claim;
    out.push_back({claim.owner, claim.on_loss, describe(key)});
  }
}

/// The words of a record, each a number or an address.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<std::uint32_t> number(std::string_view text) {
  const auto value = c_number(text);
  return value && *value <= 0xFFFF'FFFF ? std::optional{static_cast<std::uint32_t>(*value)}
                                        : std::nullopt;
}

std::uint8_t byte(std::string_view text) {
  return static_cast<std::uint8_t>(number(text).value_or(0));
}

/// The key of a record, whole; nothing for a record of something else.
std::optional<RouteKey> route_of(std::string_view record) {
  if (!record.starts_with(route_prefix)) return std::nullopt;
  const auto words = split(record.substr(route_prefix.size()));
  if (words.size() < 6) return std::nullopt;
  const auto address = IpAddress::parse(words[2]);
  if (!address) return std::nullopt;
  RouteKey key;
  key.family = address->family();
  key.protocol = byte(words[0]);
  key.table = number(words[1]).value_or(0);
  key.destination = {*address, byte(words[3])};
  key.tos = byte(words[4]);
  key.metric = number(words[5]).value_or(0);
  if (const auto source = words.size() > 7 ? IpAddress::parse(words[6]) : std::nullopt)
    key.source = {*source, byte(words[7])};
  return key;
}

/// As much of the key as says which rule it is; nothing for a record of something else.
std::optional<RuleKey> rule_of(std::string_view record) {
  if (!record.starts_with(rule_prefix)) return std::nullopt;
  const auto words = split(record.substr(rule_prefix.size()));
  if (words.size() < 6) return std::nullopt;
  const auto address = IpAddress::parse(words[4]);
  if (!address) return std::nullopt;
  RuleKey key;
  key.family = address->family();
  key.priority = number(words[1]).value_or(0);
  key.protocol = byte(words[2]);
  key.action = byte(words[3]);
  key.from = {*address, byte(words[5])};
  if (words.size() > 6) key.go_to = number(words[6]).value_or(0);
  return key;
}

}  // namespace

void report_restored(Log& log, std::string_view event, const std::string& what) {
  log.write(Event{Level::warning, event,
                  fmt::format("{} was removed by another program and is back", what)}
                .with("object", what));
}

void RouteReconciler::set_configured(std::set<RouteKey> routes, std::set<RuleKey> rules) {
  configured_routes_ = std::move(routes);
  configured_rules_ = std::move(rules);
  if (configured_routes_.empty() && configured_rules_.empty() && inherited_.empty() && !kernel_)
    return;
  if (!kernel_) {
    auto opened = KernelRoutes::open();
    if (!opened) {
      log_.write(Event{Level::error, "routes", opened.error().what});
      return;
    }
    kernel_.emplace(std::move(*opened));
    monitor_buffer_.apply(kernel_->descriptor(), "routes and rules", log_);
    command_buffer_.apply(kernel_->command_descriptor(), "route requests", log_);
  }
  std::set<std::uint8_t> protocols;
  for (const RouteKey& key : configured_routes_) protocols.insert(key.protocol);
  for (const std::string& record : inherited_)
    if (const auto key = route_of(record)) protocols.insert(key->protocol);
  kernel_->follow(protocols);
  static_cast<void>(kernel_changed());
  take_inheritance();
}

void RouteReconciler::inherit(const std::string& record) {
  if (record.starts_with(route_prefix) || record.starts_with(rule_prefix))
    inherited_.insert(record);
}

/// What is still there of it is held; the rest is forgotten.
void RouteReconciler::take_inheritance() {
  const auto records = std::exchange(inherited_, {});
  std::set<std::string> present;
  const auto take = [&](const auto& keys, auto& held) {
    for (const auto& key : keys)
      if (const std::string record = held_record(key); records.contains(record)) {
        held.insert(key);
        present.insert(record);
      }
  };
  take(kernel_->routes(), held_routes_);
  take(kernel_->rules(), held_rules_);
  for (const std::string& record : records)
    if (ledger_.release && !present.contains(record)) ledger_.release(record);
}

bool RouteReconciler::update() {
  if (!kernel_) return false;
  const auto changed = kernel_->update();
  if (!changed) log_.write(Event{Level::error, "routes", changed.error().what});
  return changed.value_or(true);
}

/// A route whose interface is down is away for that reason.
bool RouteReconciler::is_possible(const RouteKey& key) const {
  const auto entry = routes_.wanted().find(key);
  if (entry == routes_.wanted().end()) return true;
  const auto is_up = [&](std::uint32_t index) {
    const Link* link = index == 0 ? nullptr : links_.find(index);
    return index == 0 || (link != nullptr && link->up);
  };
  const RouteSettings& settings = entry->second.settings;
  return is_up(settings.interface) && std::ranges::all_of(settings.nexthops, is_up);
}

/// An interface that enters a VRF is down for a moment.
bool RouteReconciler::went_down(const RouteKey& key) const {
  const auto entry = routes_.wanted().find(key);
  if (entry == routes_.wanted().end()) return false;
  const auto was_down = [&](std::uint32_t index) { return links_.was_down(index); };
  const RouteSettings& settings = entry->second.settings;
  return was_down(settings.interface) || std::ranges::any_of(settings.nexthops, was_down);
}

std::vector<Loss> RouteReconciler::kernel_changed() {
  std::vector<Loss> losses;
  if (!kernel_) return losses;
  if (const auto read = kernel_->refresh(); !read)
    log_.write(Event{Level::error, "routes", read.error().what});
  routes_.retry_all();
  rules_.retry_all();
  collect_losses(losses, routes_, routes_.losses(kernel_->routes(), [&](const RouteKey& key) {
    return is_possible(key) && !went_down(key);
  }));
  collect_losses(losses, rules_,
                 rules_.losses(kernel_->rules(), [](const RuleKey&) { return true; }));
  return losses;
}

void RouteReconciler::plan() {
  if (!kernel_) return;
  routes_.plan(
      ours_of(kernel_->routes(), routes_, configured_routes_, held_routes_),
      [&](const RouteKey& key) { return is_possible(key); }, Actual::Fit::overwrite);
  rules_.plan(
      ours_of(kernel_->rules(), rules_, configured_rules_, held_rules_),
      [](const RuleKey&) { return true; }, Actual::Fit::renew);
}

template <typename Key, typename Settings>
void RouteReconciler::apply(Keeper<Key, Settings>& keeper, std::set<Key>& held,
                            const std::vector<Change<Key, Settings>>& batch, TimePoint now) {
  using Kind = typename Change<Key, Settings>::Kind;
  for (const auto& change : batch)
    if (change.kind == Kind::add && held.insert(change.key).second && ledger_.hold)
      ledger_.hold(held_record(change.key));
  const auto failed = note_refusals(keeper, batch, kernel_->apply(batch), log_, now);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (failed.contains(i)) continue;
    if (keeper.accepted(batch[i])) report_restored(log_, "route_restored", describe(batch[i].key));
    if (batch[i].kind == Kind::remove && keeper.find(batch[i].key) == nullptr &&
        held.erase(batch[i].key) > 0 && ledger_.release)
      ledger_.release(held_record(batch[i].key));
  }
}

void RouteReconciler::remove_slice(std::size_t most, TimePoint now) {
  if (rules_.removes())
    apply(rules_, held_rules_, rules_.take(RuleChange::Kind::remove, most), now);
  else
    apply(routes_, held_routes_, routes_.take(RouteChange::Kind::remove, most), now);
}

void RouteReconciler::add_slice(std::size_t most, TimePoint now) {
  if (routes_.adds())
    apply(routes_, held_routes_, routes_.take(RouteChange::Kind::add, most), now);
  else
    apply(rules_, held_rules_, rules_.take(RuleChange::Kind::add, most), now);
}

bool RouteReconciler::retry_due(TimePoint now) {
  const bool routes = routes_.retry_due(now);
  return rules_.retry_due(now) || routes;
}

std::optional<TimePoint> RouteReconciler::deadline() const {
  return earliest(routes_.deadline(), rules_.deadline());
}

std::string held_record(const RouteKey& key) {
  return fmt::format("{}{} {} {} {} {} {} {}", route_prefix, key.protocol, key.table,
                     key.destination.address.to_string(), key.destination.length, key.tos,
                     key.metric,
                     key.source.length == 0
                         ? ""
                         : fmt::format("{} {}", key.source.address.to_string(), key.source.length));
}

/// Family, preference and protocol say which rule it is.
std::string held_record(const RuleKey& key) {
  return fmt::format("{}{} {} {} {} {} {} {}", rule_prefix, static_cast<unsigned>(key.family),
                     key.priority, key.protocol, key.action, key.from.address.to_string(),
                     key.from.length, key.go_to);
}

std::optional<netlink::Message> removal_of(std::string_view record) {
  if (const auto route = route_of(record))
    return request_for(RouteChange{RouteChange::Kind::remove, *route, {}});
  if (const auto rule = rule_of(record))
    return request_for(RuleChange{RuleChange::Kind::remove, *rule, {}});
  return std::nullopt;
}

}  // namespace holdfast::vrrp
