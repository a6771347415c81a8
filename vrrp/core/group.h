// A sync group: instances that change state together. Pure, and above the router core: it decides
// which events reach which member, and what one member's change means for the others.
//
//   all Backup ──every member's deadline has passed──▶ all Active
//   all Active ──one member hears a better router────▶ all Backup   (the others resign silently)
//   any        ──one member has a fault──────────────▶ all Fault    (Active ones resign)
//   all Fault  ──the last faulty member is healthy───▶ all Backup, or all Active if all are owners
//
// Invariant: after every step all members that run are in one state. runtime.md section 14 of the
// reference.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "vrrp/core/router.h"

namespace holdfast::vrrp {

/// One member as the group sees it; all of them outlive the call.
struct Member {
  std::string_view name;  ///< for reasons
  const RouterConfig* config = nullptr;
  const State* state = nullptr;
  bool faulty = false;  ///< by its own reasons, not those of others
};

/// What happens to one member; at most one for each member in a result, in order.
struct MemberStep {
  std::size_t member = 0;
  Step step;
};

/// True when the event may concern other members. Everything else (adverts that a Backup hears, the
/// advertisement timer) is for the router core alone, and costs the same in a group of any size.
bool concerns_group(const RouterConfig& config, const State& state, const RouterEvent& event,
                    TimePoint now);

/// An event of member `which`. A Startup goes to start_group().
std::vector<MemberStep> step_group(std::span<const Member> members, std::size_t which,
                                   const RouterEvent& event, TimePoint now);

/// Starts the members that are in Initialize; `startups` has one for each member. Those that join a
/// group which is Active become Active with it.
std::vector<MemberStep> start_group(std::span<const Member> members,
                                    std::span<const Startup> startups, TimePoint now);

/// A reload has put members together that ran apart: what makes them one state.
std::vector<MemberStep> settle_group(std::span<const Member> members, TimePoint now);

/// What the group is: Active when all that run are, FAULT when any is, Initialize when none runs.
StateName state_of_group(std::span<const Member> members);

}  // namespace holdfast::vrrp
