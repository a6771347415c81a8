// RFC 9568 section 6.4 and nothing else. One function for each (state, event).
#include "vrrp/core/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>

namespace holdfast::vrrp {
namespace {

/// The bound on answers to losing adverts: two for each of our intervals, and 10 a second at least.
constexpr Duration longest_answer_gap = std::chrono::milliseconds{100};

/// Between the first advert of a router that takes what was offered and its announcements: for so
/// long the addresses stay here. An interval, within these bounds.
constexpr Duration shortest_overlap = std::chrono::milliseconds{20};
constexpr Duration longest_overlap = std::chrono::milliseconds{200};

template <typename T, typename... Options>
concept OneOf = (std::same_as<T, Options> || ...);

/// Configuration, time and the questions that the rules ask.
struct Context {
  const RouterConfig& config;
  TimePoint now;

  [[nodiscard]] bool is_owner() const { return config.priority == owner_priority; }
  // 6.1: the owner always preempts.
  [[nodiscard]] bool preempts() const { return config.preempt || is_owner(); }
  /// 6.4.3: higher priority, or equal priority and a greater primary address.
  [[nodiscard]] bool loses_to(const AdvertReceived& advert) const {
    if (advert.priority != config.priority) return advert.priority > config.priority;
    return advert.source > config.address;
  }
  /// Version 3 follows the interval of the Active router, version 2 has one for all (RFC 3768 7.1).
  [[nodiscard]] Duration learned(Duration advertised) const {
    return config.version == Version::v3 ? advertised : config.advertisement_interval;
  }
  [[nodiscard]] Backup wait(Duration active_interval) const {
    Backup backup;
    backup.active_interval = active_interval;
    backup.deadline = now + active_down_interval(config, active_interval);
    return backup;
  }
  /// 6.4.2 and 6.4.3: the sender is Active; restart the Active_Down_Timer by its interval.
  [[nodiscard]] Backup follow(const AdvertReceived& advert) const {
    Backup backup = wait(learned(advert.interval));
    backup.active_address = advert.source;
    backup.active_priority = advert.priority;
    return backup;
  }
  [[nodiscard]] Active advertising() const {
    return {now + config.advertisement_interval, now, now};
  }
};

std::vector<Action> leaving(StateName from, StateName to, std::string reason,
                            std::vector<Action> first) {
  first.emplace_back(Transitioned{from, to, std::move(reason)});
  return first;
}

/// 6.4.1 and 6.4.2: advertise, hold the addresses, announce them.
Step become_active(const Context& in, StateName from, std::string reason) {
  return {in.advertising(),
          leaving(from, StateName::active, std::move(reason),
                  {SendAdvert{in.config.priority}, HoldAddresses{}, Announce{Occasion::takeover}})};
}

Step become_backup(const Context& in, StateName from, std::string reason) {
  return {in.wait(in.config.advertisement_interval),
          leaving(from, StateName::backup, std::move(reason), {DropAddresses{}})};
}

Step become_fault(StateName from, std::vector<Action> first, bool gave_way = false) {
  return {Fault{gave_way}, leaving(from, StateName::fault, "fault", std::move(first))};
}

/// A predecessor was Active and its last advert is recent: the others still count on us.
std::optional<Step> resume_active(const Context& in, const State& previous) {
  const auto* active = std::get_if<Active>(&previous);
  if (active == nullptr) return std::nullopt;
  const Duration silence = in.config.down_timer_adverts * in.config.advertisement_interval;
  if (in.now < active->last_advert || in.now >= active->last_advert + silence) return std::nullopt;
  Active resumed = *active;
  resumed.next_advert = std::min(resumed.next_advert, in.now + in.config.advertisement_interval);
  return Step{resumed, {HoldAddresses{}}};
}

/// A predecessor was Backup and its timer still runs.
std::optional<Step> resume_backup(const Context& in, const State& previous) {
  const auto* backup = std::get_if<Backup>(&previous);
  if (backup == nullptr || backup->deadline <= in.now) return std::nullopt;
  // Never later than a fresh start would be: the record may be of another configuration.
  Backup resumed = *backup;
  resumed.deadline =
      std::min(resumed.deadline, in.now + active_down_interval(in.config, resumed.active_interval));
  return Step{resumed, {DropAddresses{}}};
}

Step on(const Initialize&, const Startup& startup, const Context& in) {
  // An Active router that died while it handed over goes on; one that had given way has not
  // changed.
  const bool gave_way = startup.resume && !std::holds_alternative<Active>(*startup.resume) &&
                        has_given_way(*startup.resume);
  if (startup.faulty) return become_fault(StateName::initialize, {DropAddresses{}}, gave_way);
  if (startup.resume) {
    if (auto resumed = resume_active(in, *startup.resume)) return std::move(*resumed);
    if (auto resumed = resume_backup(in, *startup.resume)) return std::move(*resumed);
  }
  if (in.is_owner() && !gave_way)
    return become_active(in, StateName::initialize, "address owner");  // 6.4.1
  Step made = become_backup(in, StateName::initialize, "start");
  std::get<Backup>(made.state).gave_way = gave_way;
  return made;
}

Step on(const Initialize& same,
        const OneOf<Shutdown, AdvertReceived, DeadlineReached, FaultRaised, FaultCleared,
                    ConfigChanged, HoldingsLost, HandOver, TakeBack> auto&,
        const Context&) {
  return {same, {}};
}

Step on(const Backup& same, const Startup&, const Context&) { return {same, {}}; }

Step on(const Backup&, const Shutdown&, const Context&) {
  // 6.4.2: no advertisement.
  return {Initialize{},
          leaving(StateName::backup, StateName::initialize, "shutdown", {DropAddresses{}})};
}

/// keepalived's preempt_delay: the first losing advert starts it; until it ends they are followed.
Step delay_preemption(const Backup& backup, const AdvertReceived& advert, const Context& in) {
  const TimePoint preempt_at = backup.preempt_at.value_or(in.now + in.config.preempt_delay);
  Backup next = in.now < preempt_at ? in.follow(advert) : backup;
  next.preempt_at = preempt_at;
  return {next, {}};
}

Step on(const Backup& backup, const AdvertReceived& advert, const Context& in) {
  if (advert.priority == 0) {
    // 6.4.2: a resignation, so wait Skew_Time, not the whole Active_Down_Interval.
    Backup next = backup;
    next.deadline = in.now + skew_time(in.config, backup.active_interval);
    next.active_address = advert.source;
    next.active_priority = 0;
    return {next, {}};
  }
  if (backup.gave_way) {
    Backup next = in.follow(advert);
    next.gave_way = true;
    return {next, {}};
  }
  if (advert.priority >= in.config.priority || !in.preempts()) return {in.follow(advert), {}};
  if (in.config.preempt_delay > Duration{0} && !in.is_owner())
    return delay_preemption(backup, advert, in);
  Backup ignoring = backup;  // 6.4.2: discarded; the running timer ends in our takeover
  ignoring.active_address = advert.source;
  ignoring.active_priority = advert.priority;
  return {ignoring, {}};
}

std::string takeover_reason(const Backup& backup, const RouterConfig& config) {
  if (backup.active_priority != 0 && backup.active_priority < config.priority)
    return fmt::format("preempting {} of priority {}", backup.active_address.to_string(),
                       backup.active_priority);
  if (backup.active_priority == 0 && !backup.active_address.is_unspecified())
    return fmt::format("{} resigned", backup.active_address.to_string());
  return fmt::format("no advert for {:.3f} s",
                     in_seconds(active_down_interval(config, backup.active_interval)));
}

Step on(const Backup& backup, const DeadlineReached&, const Context& in) {
  return become_active(in, StateName::backup, takeover_reason(backup, in.config));
}

Step on(const Backup& backup, const FaultRaised&, const Context&) {
  return become_fault(StateName::backup, {DropAddresses{}}, backup.gave_way);
}

Step on(const Backup& same, const HandOver&, const Context&) { return {same, {}}; }

Step on(const Backup& backup, const TakeBack&, const Context&) {
  Backup next = backup;
  next.gave_way = false;
  return {next, {}};
}

Step on(const Backup& same, const HoldingsLost&, const Context&) { return {same, {}}; }

Step on(const Backup& same, const FaultCleared&, const Context&) { return {same, {}}; }

Step on(const Backup& backup, const ConfigChanged& change, const Context& in) {
  // Not a new wait: the running one changes by what the new priority and interval change in it. A
  // shorter interval counts from now on: the Active router may not have heard of it yet.
  Backup next = backup;
  const bool own_interval = backup.active_interval == change.before.advertisement_interval &&
                            (in.config.version == Version::v2 || backup.active_priority == 0);
  if (own_interval) next.active_interval = in.config.advertisement_interval;
  const Duration wait = active_down_interval(in.config, next.active_interval);
  const Duration before = active_down_interval(change.before, backup.active_interval);
  const bool shorter = next.active_interval < backup.active_interval;
  next.deadline = shorter ? std::min(backup.deadline, in.now + wait)
                          : std::max(backup.deadline + (wait - before), in.now);
  return {next, {}};
}

Step on(const Active& same, const Startup&, const Context&) { return {same, {}}; }

Step on(const Active&, const Shutdown&, const Context&) {
  // 6.4.3: resign, so that a Backup waits Skew_Time only.
  return {Initialize{}, leaving(StateName::active, StateName::initialize, "shutdown",
                                {SendAdvert{0}, DropAddresses{}})};
}

/// 6.4.3: answer a loser at once, so that it backs off and bridges relearn our MAC address.
Step answer_loser(const Active& active, const Context& in) {
  if (in.now < active.answer_not_before) return {active, {}};
  Active next = active;
  next.answer_not_before =
      in.now + std::min(in.config.advertisement_interval / 2, longest_answer_gap);
  std::vector<Action> actions;
  if (!in.config.lower_prio_no_advert) actions.emplace_back(SendAdvert{in.config.priority});
  actions.emplace_back(Announce{Occasion::lower_priority});
  return {next, std::move(actions)};
}

constexpr const char* late_reason = "timers ran late (timer_expired_backup)";

/// keepalived's timer_expired_backup; the number of adverts is always 3.
bool is_too_late(const Active& active, const Context& in) {
  if (!in.config.late_priority || in.preempts()) return false;
  RouterConfig backup = in.config;
  backup.priority = *in.config.late_priority;
  backup.down_timer_adverts = 3;
  return in.now - active.last_advert >
         active_down_interval(backup, in.config.advertisement_interval);
}

Step on(const Active& active, const HandOver&, const Context& in) {
  if (active.offered) return {active, {}};
  // Silent for as long as the router of least priority waits after a resignation, and a little
  // more.
  RouterConfig least = in.config;
  least.priority = 1;
  Active next = active;
  next.offered = true;
  next.next_advert = in.now + skew_time(least, in.config.advertisement_interval) +
                     in.config.advertisement_interval / 2;
  return {next, {SendAdvert{0}}};
}

/// Nobody took over, or it was called off: on as before.
Step go_on(const Active& active, const Context& in) {
  Active next = in.advertising();
  next.answer_not_before = active.answer_not_before;
  return {next, {SendAdvert{in.config.priority}, Announce{Occasion::resumed}}};
}

Step on(const Active& active, const TakeBack&, const Context& in) {
  if (active.offered && !active.taken) return go_on(active, in);
  Active next = active;
  if (next.taken) next.taken->gave_way = false;
  return {next, {}};
}

/// What was offered is taken. The one that takes it has to announce the addresses yet.
Step give_way(const Active& active, const AdvertReceived& advert, const Context& in) {
  if (advert.priority == 0) return go_on(active, in);
  Active next = active;
  if (!active.taken)
    next.next_advert =
        in.now + std::clamp(in.learned(advert.interval), shortest_overlap, longest_overlap);
  const bool taken_back = active.taken && !active.taken->gave_way;
  next.taken = in.follow(advert);
  next.taken->gave_way = !taken_back;
  // What is still due of our own announcements must not overwrite those of the successor.
  return {next, active.taken ? std::vector<Action>{} : std::vector<Action>{StopAnnouncing{}}};
}

Step on(const Active& active, const AdvertReceived& advert, const Context& in) {
  if (active.offered) return give_way(active, advert, in);
  // What waited in the socket while we slept comes from whoever took over.
  if (advert.priority != 0 && is_too_late(active, in))
    return {in.follow(advert),
            leaving(StateName::active, StateName::backup, late_reason, {DropAddresses{}})};
  if (advert.priority == 0) {
    // 6.4.3: somebody resigns; show at once that we are here.
    Active next = in.advertising();
    next.answer_not_before = active.answer_not_before;
    return {next, {SendAdvert{in.config.priority}}};
  }
  std::vector<Action> actions;
  // 8.3.2: at most one router of a link owns the addresses.
  if (in.is_owner() && advert.priority == owner_priority && advert.source != in.config.address)
    actions.emplace_back(Suspicious{
        fmt::format("{} owns the addresses as well (priority 255)", advert.source.to_string())});
  if (in.loses_to(advert)) {
    if (in.config.higher_prio_send_advert) actions.emplace_back(SendAdvert{in.config.priority});
    actions.emplace_back(DropAddresses{});
    return {in.follow(advert), leaving(StateName::active, StateName::backup,
                                       fmt::format("advert of priority {} from {}", advert.priority,
                                                   advert.source.to_string()),
                                       std::move(actions))};
  }
  if (advert.priority == in.config.priority && advert.source == in.config.address)
    return {active, {Suspicious{"another router has our address and priority"}}};
  Step answered = answer_loser(active, in);
  answered.actions.insert(answered.actions.begin(), actions.begin(), actions.end());
  return answered;
}

Step on(const Active& active, const DeadlineReached&, const Context& in) {
  if (active.taken)
    return {*active.taken,
            leaving(StateName::active, StateName::backup,
                    fmt::format("handed over to {}", active.taken->active_address.to_string()),
                    {DropAddresses{}})};
  if (active.offered) return go_on(active, in);
  // Somebody else is Active by now: no resignation, which would be about that router.
  if (is_too_late(active, in)) return become_backup(in, StateName::active, late_reason);
  // The next deadline follows from the last one: late wake-ups do not add up to a drift.
  Active next = active;
  next.last_advert = in.now;
  next.next_advert = active.next_advert + in.config.advertisement_interval;
  if (next.next_advert <= in.now) next.next_advert = in.now + in.config.advertisement_interval;
  std::vector<Action> actions{SendAdvert{in.config.priority}};
  // We slept for so long that a Backup may have taken over, and nobody has beaten us since: its
  // announcements must be overwritten.
  const Duration silence = in.now - active.last_advert;
  if (silence > active_down_interval(in.config, in.config.advertisement_interval)) {
    actions.emplace_back(Suspicious{
        // 2.5: it may be too short an interval for this machine
        fmt::format("no advert left for {:.3f} s, longer than others wait: this machine or this "
                    "process stood still",
                    in_seconds(silence))});
    actions.emplace_back(Announce{Occasion::resumed});
  }
  return {next, std::move(actions)};
}

Step on(const Active& active, const FaultRaised&, const Context&) {
  return become_fault(StateName::active, {SendAdvert{0}, DropAddresses{}}, active.offered);
}

/// Differs from 6.4.3: keepalived yields to whoever still has its addresses, and is back after its
/// skew when nobody does.
Step on(const Active&, const HoldingsLost& loss, const Context& in) {
  Backup waiting = in.wait(in.config.advertisement_interval);
  waiting.deadline = in.now + skew_time(in.config, in.config.advertisement_interval);
  return {waiting,
          leaving(StateName::active, StateName::backup, "another program removed " + loss.what,
                  {SendAdvert{0}, DropAddresses{}})};
}

Step on(const Active& same, const FaultCleared&, const Context&) { return {same, {}}; }

Step on(const Active& active, const ConfigChanged& change, const Context& in) {
  if (active.offered) return {active, {}};
  Active next = active;
  // Peers heard the longer interval: it is not late by the new one.
  if (in.config.advertisement_interval < change.before.advertisement_interval)
    next.last_advert = in.now;
  next.next_advert = std::min(active.next_advert, in.now + in.config.advertisement_interval);
  return {next, {}};
}

Step on(const Fault&, const Shutdown&, const Context&) {
  return {Initialize{}, leaving(StateName::fault, StateName::initialize, "shutdown", {})};
}

Step on(const Fault& fault, const FaultCleared&, const Context& in) {
  if (in.is_owner() && !fault.gave_way) return become_active(in, StateName::fault, "address owner");
  Step made = become_backup(in, StateName::fault, "fault cleared");
  std::get<Backup>(made.state).gave_way = fault.gave_way;
  return made;
}

Step on(const Fault&, const TakeBack&, const Context&) { return {Fault{}, {}}; }

Step on(const Fault& same,
        const OneOf<Startup, AdvertReceived, DeadlineReached, FaultRaised, ConfigChanged,
                    HoldingsLost, HandOver> auto&,
        const Context&) {
  return {same, {}};
}

}  // namespace

bool yields_late(const RouterConfig& config, const State& state, TimePoint now) {
  const auto* active = std::get_if<Active>(&state);
  return active != nullptr && is_too_late(*active, Context{config, now});
}

StateName name_of(const State& state) { return static_cast<StateName>(state.index()); }

std::string_view keepalived_name(StateName state) {
  switch (state) {
    case StateName::initialize:
      return "INIT";
    case StateName::backup:
      return "BACKUP";
    case StateName::active:
      return "MASTER";
    case StateName::fault:
      return "FAULT";
  }
  return "INIT";
}

std::string_view to_string(StateName state) {
  switch (state) {
    case StateName::initialize:
      return "Initialize";
    case StateName::backup:
      return "Backup";
    case StateName::active:
      return "Active";
    case StateName::fault:
      return "Fault";
  }
  return "Initialize";
}

Duration skew_time(const RouterConfig& config, Duration active_interval) {
  // RFC 3768 6.1 counts in seconds whatever the interval is; RFC 9568 6.1 scales with it.
  const Duration unit = config.version == Version::v2 ? std::chrono::seconds{1} : active_interval;
  return (256 - config.priority) * unit / 256;
}

Duration active_down_interval(const RouterConfig& config, Duration active_interval) {
  return config.down_timer_adverts * active_interval + skew_time(config, active_interval);
}

Step step(const RouterConfig& config, const State& state, const RouterEvent& event, TimePoint now) {
  const Context in{config, now};
  return std::visit([&](const auto& s, const auto& e) { return on(s, e, in); }, state, event);
}

bool has_given_way(const State& state) {
  if (const auto* backup = std::get_if<Backup>(&state)) return backup->gave_way;
  if (const auto* active = std::get_if<Active>(&state))
    return active->offered && (!active->taken || active->taken->gave_way);
  const auto* fault = std::get_if<Fault>(&state);
  return fault != nullptr && fault->gave_way;
}

bool is_handing_over(const State& state) {
  const auto* active = std::get_if<Active>(&state);
  return active != nullptr && active->offered;
}

std::optional<TimePoint> deadline(const State& state) {
  if (const auto* backup = std::get_if<Backup>(&state)) return backup->deadline;
  if (const auto* active = std::get_if<Active>(&state)) return active->next_advert;
  return std::nullopt;
}

}  // namespace holdfast::vrrp
