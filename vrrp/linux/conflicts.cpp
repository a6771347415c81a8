// Others where an Active router is: what is heard of them goes to ConflictWatch
// (vrrp/core/conflict.h), and what it says is told and done.
#include "daemon/process/clock.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

using process::monotonic_now;

namespace {

std::string in_text(Duration span) { return fmt::format("{:.1f}", in_seconds(span)); }

}  // namespace

/// An advert left an Active router Active: its sender is one as well, and loses.
void VrrpProcess::rival_heard(RunningInstance& instance, const AdvertReceived& advert) {
  const TimePoint now = monotonic_now();
  const Duration silence = active_down_interval(
      instance.router, std::max(advert.interval, instance.router.advertisement_interval));
  const auto tell = instance.conflict.rival(advert.source, now, silence);
  if (tell == ConflictWatch::Tell::nothing) return;
  conflicts_end_ = earliest(conflicts_end_, instance.conflict.deadline());
  const std::string& name = instance.config.name;
  const std::string rival = advert.source.to_string();
  instance.conflict_log.write(
      log_, now,
      Event{Level::warning, "conflict",
            fmt::format("({}) {} is MASTER as well, with priority {} and not our {}; it has to "
                        "yield",
                        name, rival, advert.priority, instance.router.priority)}
          .with("router", name)
          .with("rival", rival)
          .with("conflicts", std::to_string(instance.conflict.counters().conflicts)));
  heard_lower(instance);
  if (tell == ConflictWatch::Tell::begins) tell_conflict(instance, "CONFLICT");
}

void VrrpProcess::tell_conflict(const RunningInstance& instance, std::string_view state) {
  const std::string& name = instance.config.name;
  run_script("INSTANCE " + name, instance.config.notify.conflict,
             {"INSTANCE", name, std::string{state}, std::to_string(instance.router.priority)});
}

void VrrpProcess::conflict_ended(RunningInstance& instance, const ConflictWatch::Ended& ended,
                                 bool won) {
  const std::string& name = instance.config.name;
  const std::string rival = ended.rival.to_string();
  const std::string after = fmt::format("{} adverts in {} s", ended.adverts, in_text(ended.lasted));
  log_.write(Event{
      won ? Level::notice : Level::warning, won ? "conflict_won" : "conflict_lost",
      won ? fmt::format("({}) {} has yielded after {}", name, rival, after)
          : fmt::format("({}) yields while {} is MASTER as well, after {}", name, rival, after)}
                 .with("router", name)
                 .with("rival", rival)
                 .with("adverts", std::to_string(ended.adverts)));
  tell_conflict(instance, won ? "CONFLICT_WON" : "CONFLICT_LOST");
}

void VrrpProcess::end_conflicts(TimePoint now) {
  conflicts_end_.reset();
  for (auto& [name, instance] : instances_) {
    if (const auto ended = instance->conflict.end_if_silent(now))
      conflict_ended(*instance, *ended, true);
    conflicts_end_ = earliest(conflicts_end_, instance->conflict.deadline());
  }
}

/// What its predecessor said is under way for an interval, and for as long as a host may take.
void VrrpProcess::follow_conflict(RunningInstance& instance, StateName state) {
  constexpr Duration shortest_grace = std::chrono::milliseconds{200};
  const TimePoint now = monotonic_now();
  if (state == StateName::active)
    instance.conflict.became_active(
        now, std::max(instance.router.advertisement_interval, shortest_grace));
  else if (const auto ended = instance.conflict.end(now))
    conflict_ended(instance, *ended, false);
}

/// Listens for other users of what is held now.
void VrrpProcess::listen_for_strangers() {
  if (!std::exchange(holdings_changed_, false)) return;
  holders_.clear();
  std::set<IpAddress> addresses;
  for (const auto& [name, instance] : instances_)
    for (const AddressKey& key : instance->held) {
      holders_.emplace(std::pair{key.interface, key.address}, std::pair{name, key});
      addresses.insert(key.address);
    }
  if (const auto heard = strangers_.listen(addresses); !heard)
    log_.write(Event{Level::error, "strangers", heard.error().what});
}

void VrrpProcess::strangers_heard(std::span<const NeighbourListener::Heard> heard) {
  if (stopping_) return;
  drain_ports();  // the advert of a router that takes over comes before its announcements
  const TimePoint now = monotonic_now();
  for (const auto& [interface, claim] : heard) {
    const auto holder = holders_.find({interface, claim.address});
    if (holder == holders_.end() || links_->has_mac(claim.mac)) continue;
    const auto& [name, key] = holder->second;
    const auto instance = instances_.find(name);
    if (instance != instances_.end()) stranger_heard(*instance->second, key, claim, now);
  }
  work_soon();
  arm_timer();
}

void VrrpProcess::stranger_heard(RunningInstance& instance, const AddressKey& key,
                                 const AddressClaim& claim, TimePoint now) {
  if (!is_serving(instance)) return;
  const auto verdict = instance.conflict.stranger(claim.address, now);
  if (verdict == ConflictWatch::Stranger::leftover) return;
  if (verdict == ConflictWatch::Stranger::defend) reconciler_->defend(key, now);
  if (instance.conflict.is_open()) return;  // a router, of which its adverts tell
  const Link* link = links_->find(key.interface);
  const std::string& name = instance.config.name;
  instance.stranger_log.write(
      log_, now,
      Event{Level::warning, "address_conflict",
            fmt::format("({}) {} is used by {} on {} as well", name, claim.address.to_string(),
                        to_string(claim.mac), link == nullptr ? "-" : link->name)}
          .with("router", name)
          .with("address", claim.address.to_string())
          .with("mac", to_string(claim.mac))
          .with("frames", std::to_string(instance.conflict.counters().frames)));
}

}  // namespace holdfast::vrrp
