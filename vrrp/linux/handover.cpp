// `holdfast handover` and `holdfast takeover`: what an operator asks of the election.
#include "vrrp/linux/process.h"

namespace holdfast::vrrp {

/// By the name of the instance or of its sync group. Null: there is none.
RunningInstance* VrrpProcess::named(const std::string& name) {
  if (const auto instance = instances_.find(name); instance != instances_.end())
    return instance->second.get();
  const auto group = groups_.find(name);
  return group == groups_.end() || group->second->members.empty() ? nullptr
                                                                  : group->second->members.front();
}

void VrrpProcess::hand_over(const process::HandOver& asked, TimePoint now) {
  const auto answer = [&](bool done, std::string text) {
    send_(process::HandedOver{asked.request, done, std::move(text)});
  };
  RunningInstance* instance = named(asked.object);
  if (instance == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& [name, running] : instances_) names.push_back(name);
    for (const auto& [name, group] : groups_) names.push_back(name);
    return answer(false, fmt::format("there is no vrrp_instance or vrrp_sync_group {}{}",
                                     asked.object, config::did_you_mean(asked.object, names)));
  }
  const std::string& name = instance->config.name;
  const bool is_active = std::holds_alternative<Active>(instance->state);
  if (asked.back) {
    const bool gave_way = has_given_way(instance->state);
    deliver(*instance, TakeBack{}, now);
    arm_timer();
    return answer(gave_way, gave_way ? fmt::format("({}) the election is as configured again", name)
                                     : fmt::format("({}) was not handed over", name));
  }
  if (!is_active)
    return answer(false, fmt::format("({}) is {}, not MASTER", name,
                                     keepalived_name(name_of(instance->state))));
  if (instance->handover)
    return answer(false, fmt::format("({}) is being handed over already", name));
  instance->handover = RunningInstance::Handover{asked.request, now};
  deliver(*instance, HandOver{}, now);
  arm_timer();
}

/// Called after every step of an instance for which somebody waits.
void VrrpProcess::answer_handover(RunningInstance& instance, TimePoint now) {
  const bool is_active = std::holds_alternative<Active>(instance.state);
  if (is_handing_over(instance.state)) return;  // under way
  const RunningInstance::Handover handover = *std::exchange(instance.handover, std::nullopt);
  const double seconds = in_seconds(now - handover.begun);
  const std::string& name = instance.config.name;
  const auto* backup = std::get_if<Backup>(&instance.state);
  std::string text =
      backup != nullptr ? fmt::format("({}) {} has taken over after {:.3f} s", name,
                                      backup->active_address.is_unspecified()
                                          ? "another router"
                                          : backup->active_address.to_string(),
                                      seconds)
      : is_active ? fmt::format("({}) nobody took over within {:.3f} s: it stays MASTER here", name,
                                seconds)
                  : fmt::format("({}) is {} now", name, keepalived_name(name_of(instance.state)));
  log_.write(Event{Level::notice, "handover", text}.with("router", name));
  send_(process::HandedOver{handover.request, backup != nullptr, std::move(text)});
}

}  // namespace holdfast::vrrp
