#include "vrrp/core/group.h"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::vrrp {
namespace {

bool runs(const Member& member) { return !std::holds_alternative<Initialize>(*member.state); }
bool is_active(const State& state) { return std::holds_alternative<Active>(state); }

template <typename Event>
Step plain(const Member& member, const Event& event, TimePoint now) {
  return step(*member.config, *member.state, event, now);
}

/// The transition of a step gets the reason that the group knows.
Step because(Step made, const std::string& reason) {
  for (Action& action : made.actions)
    if (auto* transition = std::get_if<Transitioned>(&action)) transition->reason = reason;
  return made;
}

Step to_backup(const Member& member, std::string reason, TimePoint now) {
  const StateName from = name_of(*member.state);
  Backup backup;
  backup.active_interval = member.config->advertisement_interval;
  backup.deadline = now + active_down_interval(*member.config, backup.active_interval);
  backup.gave_way = has_given_way(*member.state);
  // No advertisement of priority 0: the others are taken over together with the one that lost.
  return {backup, {DropAddresses{}, Transitioned{from, StateName::backup, std::move(reason)}}};
}

Step to_active(const Member& member, std::string reason, TimePoint now) {
  RouterConfig sure = *member.config;
  sure.priority = owner_priority;  // the way from Initialize to Active is the owner's
  Step made = because(step(sure, *member.state, Startup{}, now), reason);
  for (Action& action : made.actions)
    if (auto* advert = std::get_if<SendAdvert>(&action)) advert->priority = member.config->priority;
  return made;
}

bool all_are_owners(std::span<const Member> members) {
  return std::ranges::all_of(members, [](const Member& member) {
    return !runs(member) || member.config->priority == owner_priority;
  });
}

/// The deadline of a Backup has passed: it wants to be Active, which all must want.
std::vector<MemberStep> want_active(std::span<const Member> members, std::size_t which,
                                    TimePoint now) {
  const bool all_ready = std::ranges::all_of(members, [&](const Member& member) {
    const auto* backup = std::get_if<Backup>(member.state);
    return !runs(member) || &member == &members[which] || (backup != nullptr && backup->ready);
  });
  std::vector<MemberStep> steps;
  if (all_ready) {
    for (std::size_t i = 0; i < members.size(); ++i)
      if (runs(members[i])) steps.push_back({i, plain(members[i], DeadlineReached{}, now)});
    return steps;
  }
  Backup waiting = std::get<Backup>(*members[which].state);
  waiting.ready = true;
  waiting.deadline = now + active_down_interval(*members[which].config, waiting.active_interval);
  steps.push_back({which, {waiting, {}}});
  return steps;
}

/// An Active member heard an advert, or finds itself late: it may have lost, and with it all; or it
/// answers a loser, and then the others show themselves as well.
template <typename Event>
std::vector<MemberStep> contested(std::span<const Member> members, std::size_t which,
                                  const Event& event, TimePoint now) {
  std::vector<MemberStep> steps{{which, plain(members[which], event, now)}};
  const Step& own = steps.front().step;
  const bool lost = !is_active(own.state);
  const bool answers = std::ranges::find(own.actions, Action{Announce{Occasion::lower_priority}}) !=
                       own.actions.end();
  if (!lost && !answers) return steps;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i == which || !is_active(*members[i].state)) continue;
    if (lost)
      steps.push_back(
          {i, to_backup(members[i], fmt::format("its sync group: {} yields", members[which].name),
                        now)});
    else
      steps.push_back({i, {*members[i].state, {Announce{Occasion::lower_priority}}}});
  }
  return steps;
}

/// keepalived: every Active member yields with the one that lost something, and resigns.
std::vector<MemberStep> lose_holdings(std::span<const Member> members, std::size_t which,
                                      const HoldingsLost& loss, TimePoint now) {
  std::vector<MemberStep> steps{{which, plain(members[which], loss, now)}};
  for (std::size_t i = 0; i < members.size(); ++i)
    if (i != which && is_active(*members[i].state))
      steps.push_back({i, plain(members[i], loss, now)});
  return steps;
}

/// The operator hands over with all members, or takes back.
std::vector<MemberStep> tell_all(std::span<const Member> members, const RouterEvent& event,
                                 TimePoint now) {
  std::vector<MemberStep> steps;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (runs(members[i])) steps.push_back({i, plain(members[i], event, now)});
  return steps;
}

std::vector<MemberStep> raise_fault(std::span<const Member> members, std::size_t which,
                                    TimePoint now) {
  std::vector<MemberStep> steps;
  const auto add = [&](std::size_t i, const std::string& reason) {
    if (!runs(members[i]) || std::holds_alternative<Fault>(*members[i].state)) return;
    steps.push_back({i, because(plain(members[i], FaultRaised{}, now), reason)});
  };
  add(which, "fault");
  for (std::size_t i = 0; i < members.size(); ++i)
    if (i != which) add(i, fmt::format("its sync group: {} is in FAULT", members[which].name));
  return steps;
}

std::vector<MemberStep> clear_fault(std::span<const Member> members, TimePoint now) {
  std::vector<MemberStep> steps;
  if (std::ranges::any_of(members, &Member::faulty)) return steps;
  const bool owners = all_are_owners(members);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!std::holds_alternative<Fault>(*members[i].state)) continue;
    steps.push_back({i, owners ? plain(members[i], FaultCleared{}, now)
                               : to_backup(members[i], "fault cleared", now)});
  }
  return steps;
}

bool is_of_operator(const RouterEvent& event) {
  return std::holds_alternative<HandOver>(event) || std::holds_alternative<TakeBack>(event);
}

}  // namespace

bool concerns_group(const RouterConfig& config, const State& state, const RouterEvent& event,
                    TimePoint now) {
  if (std::holds_alternative<DeadlineReached>(event))
    return std::holds_alternative<Backup>(state) || yields_late(config, state, now) ||
           is_handing_over(state);
  if (std::holds_alternative<AdvertReceived>(event) || std::holds_alternative<HoldingsLost>(event))
    return is_active(state);
  return std::holds_alternative<FaultRaised>(event) ||
         std::holds_alternative<FaultCleared>(event) || is_of_operator(event);
}

std::vector<MemberStep> step_group(std::span<const Member> members, std::size_t which,
                                   const RouterEvent& event, TimePoint now) {
  const Member& own = members[which];
  if (concerns_group(*own.config, *own.state, event, now)) {
    if (std::holds_alternative<DeadlineReached>(event))
      return is_active(*own.state) ? contested(members, which, DeadlineReached{}, now)
                                   : want_active(members, which, now);
    if (is_of_operator(event)) return tell_all(members, event, now);
    if (std::holds_alternative<FaultRaised>(event)) return raise_fault(members, which, now);
    if (std::holds_alternative<FaultCleared>(event)) return clear_fault(members, now);
    if (const auto* loss = std::get_if<HoldingsLost>(&event))
      return lose_holdings(members, which, *loss, now);
    return contested(members, which, std::get<AdvertReceived>(event), now);
  }
  return {{which, plain(members[which], event, now)}};
}

std::vector<MemberStep> start_group(std::span<const Member> members,
                                    std::span<const Startup> startups, TimePoint now) {
  std::vector<MemberStep> steps;
  const auto faulty = std::ranges::find_if(members, &Member::faulty);
  const StateName before = state_of_group(members);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (runs(members[i])) continue;
    Startup startup = startups[i];
    startup.faulty = faulty != members.end();
    steps.push_back({i, plain(members[i], startup, now)});
    if (before == StateName::active && !startup.faulty)
      steps.back().step = to_active(members[i], "its sync group is Active", now);
  }
  const auto is_backup = [](const MemberStep& made) { return !is_active(made.step.state); };
  const bool all_active = before != StateName::backup && !std::ranges::any_of(steps, is_backup);
  if (all_active) return steps;
  // One that cannot be Active keeps the others back, those that ran before as well.
  for (MemberStep& made : steps)
    if (is_active(made.step.state))
      made.step = to_backup(members[made.member], "its sync group is not Active", now);
  if (faulty == members.end()) return steps;
  const auto which = static_cast<std::size_t>(faulty - members.begin());
  for (MemberStep& made : raise_fault(members, which, now)) steps.push_back(std::move(made));
  return steps;
}

std::vector<MemberStep> settle_group(std::span<const Member> members, TimePoint now) {
  const auto faulty = std::ranges::find_if(members, &Member::faulty);
  if (faulty != members.end())
    return raise_fault(members, static_cast<std::size_t>(faulty - members.begin()), now);
  std::vector<MemberStep> steps;
  const auto holds_back = [](const Member& member) {
    return runs(member) && !is_active(*member.state);
  };
  if (!std::ranges::any_of(members, holds_back)) return steps;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (std::holds_alternative<Fault>(*members[i].state))
      steps.push_back({i, to_backup(members[i], "fault cleared", now)});
    else if (is_active(*members[i].state))
      steps.push_back({i, to_backup(members[i], "its sync group is not Active", now)});
  }
  return steps;
}

StateName state_of_group(std::span<const Member> members) {
  StateName state = StateName::initialize;
  for (const Member& member : members) {
    const StateName own = name_of(*member.state);
    if (own == StateName::fault) return own;
    if (own == StateName::backup || (own == StateName::active && state == StateName::initialize))
      state = own;
  }
  return state;
}

}  // namespace holdfast::vrrp
