// Sync groups: which members there are, how their steps are carried out, and what their scripts are
// told. What happens is decided in vrrp/core/group.cpp.
#include <algorithm>

#include "daemon/process/clock.h"
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

using process::monotonic_now;

namespace {

std::vector<Member> members_of(const RunningGroup& group) {
  std::vector<Member> members;
  members.reserve(group.members.size());
  for (const RunningInstance* instance : group.members)
    members.push_back({instance->config.name, &instance->router, &instance->state,
                       !instance->faults.is_healthy()});
  return members;
}

}  // namespace

/// Members keep their state; a group that has only another member list now is the same one.
void VrrpProcess::set_groups(const std::vector<SyncGroup>& groups) {
  auto before = std::exchange(groups_, {});
  for (auto& [name, instance] : instances_) instance->group = nullptr;
  for (const SyncGroup& config : groups) {
    auto group = std::make_unique<RunningGroup>();
    if (const auto same = before.find(config.name); same != before.end()) {
      group->announced = same->second->announced;
      group->last_mailed = same->second->last_mailed;
    }
    group->config = config;
    for (const std::string& member : config.members) {
      const auto found = instances_.find(member);
      if (found == instances_.end()) continue;
      group->members.push_back(found->second.get());
      found->second->group = group.get();
    }
    RunningGroup& placed = *group;
    groups_.emplace(config.name, std::move(group));
    const TimePoint now = monotonic_now();
    carry_out(placed, settle_group(members_of(placed), now), now);
  }
  // A fault of another member counts no more for those that left their group.
  for (auto& [name, instance] : instances_)
    if (instance->group == nullptr && std::holds_alternative<Fault>(instance->state) &&
        instance->faults.is_healthy())
      deliver(*instance, FaultCleared{}, monotonic_now());
}

/// Starts what is in Initialize and waits for nothing any more; a group as a whole.
void VrrpProcess::start_ready() {
  if (held_until_) return;
  const auto is_ready = [](const RunningInstance* instance) {
    return !instance->tracked.is_waiting();
  };
  for (auto& [name, instance] : instances_)
    if (instance->group == nullptr && waits_to_start(*instance) && is_ready(instance.get()))
      start(*instance);
  for (auto& [name, group] : groups_)
    if (std::ranges::any_of(group->members,
                            [](const auto* member) { return waits_to_start(*member); }) &&
        std::ranges::all_of(group->members, is_ready))
      start_together(*group);
  if (inherited_until_ && !some_wait_to_start()) {
    inherited_until_.reset();
    work_soon();
  }
}

bool VrrpProcess::some_wait_to_start() const {
  return std::ranges::any_of(instances_,
                             [](const auto& entry) { return waits_to_start(*entry.second); });
}

void VrrpProcess::start_together(RunningGroup& group) {
  std::vector<Startup> startups;
  std::vector<RunningInstance*> resumed;
  for (RunningInstance* instance : group.members) {
    const bool starts = waits_to_start(*instance);
    startups.push_back(starts ? startup_of(*instance) : Startup{});
    if (starts && startups.back().resume) resumed.push_back(instance);
  }
  const TimePoint now = monotonic_now();
  carry_out(group, start_group(members_of(group), startups, now), now);
  // What a predecessor had not announced yet is not known.
  for (RunningInstance* instance : resumed)
    if (std::holds_alternative<Active>(instance->state))
      announce(*instance, Occasion::resumed, now);
}

void VrrpProcess::deliver_to_group(RunningInstance& instance, const RouterEvent& event,
                                   TimePoint now) {
  RunningGroup& group = *instance.group;
  const auto which =
      static_cast<std::size_t>(std::ranges::find(group.members, &instance) - group.members.begin());
  carry_out(group, step_group(members_of(group), which, event, now), now);
}

void VrrpProcess::carry_out(RunningGroup& group, std::vector<MemberStep> steps, TimePoint now) {
  bool transitioned = false;
  for (MemberStep& made : steps) {
    transitioned |= std::ranges::any_of(made.step.actions, [](const Action& action) {
      return std::holds_alternative<Transitioned>(action);
    });
    carry_out(*group.members[made.member], std::move(made.step), now);
  }
  const StateName state = state_of_group(members_of(group));
  if (transitioned)
    group_changed(group);
  else if (!steps.empty())
    group.announced = state;  // resumed: its scripts know
}

/// Group notifications follow those of the members.
void VrrpProcess::group_changed(RunningGroup& group) {
  const StateName state = state_of_group(members_of(group));
  if (state == group.announced || state == StateName::initialize) return;
  group.announced = state;
  const NotifyScripts& notify = group.config.notify;
  const std::string_view word = keepalived_name(state);
  log_.write(
      Event{Level::notice, "group_transition",
            fmt::format("VRRP_Group({}) Syncing instances to {} state", group.config.name, word)}
          .with("group", group.config.name)
          .with("to", std::string{to_string(state)}));
  tell_group(group, word,
             state == StateName::active   ? notify.master
             : state == StateName::backup ? notify.backup
                                          : notify.fault);
}

void VrrpProcess::tell_group(RunningGroup& group, std::string_view state, ScriptPlace script) {
  const std::string object = "GROUP " + group.config.name;
  run_script(object, script, {});
  run_script(object, group.config.notify.any,
             {"GROUP", group.config.name, std::string{state}, "0"});
  write_fifo("GROUP", group.config.name, state, 0);
  mail(AlertAbout::group, group.config.name, state, group.config.smtp_alert, group.last_mailed);
}

void VrrpProcess::stop_groups() {
  for (const auto& [name, group] : groups_) tell_group(*group, "STOP", group->config.notify.stop);
}

}  // namespace holdfast::vrrp
