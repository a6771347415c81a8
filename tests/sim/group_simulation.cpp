#include "tests/sim/group_simulation.h"

#include <algorithm>

namespace holdfast::sim {

GroupSimulation::GroupSimulation(std::uint64_t seed, const std::vector<std::uint8_t>& priorities,
                                 std::size_t members, StepFunction step)
    : step_{std::move(step)}, random_{seed} {
  for (std::size_t i = 0; i < priorities.size(); ++i) {
    Node node;
    for (std::size_t member = 0; member < members; ++member) {
      node.names.push_back("VI_" + std::to_string(member));
      vrrp::RouterConfig config;
      config.version = vrrp::Version::v3;
      config.priority = priorities[i];
      config.advertisement_interval = std::chrono::milliseconds{100 * (1 + member % 3)};
      config.address = IpAddress::v4(0x0A0000FFU - static_cast<std::uint32_t>(i));
      node.configs.push_back(config);
    }
    node.states.resize(members);
    node.faulty.resize(members);
    nodes_.push_back(std::move(node));
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) start(i, std::vector<vrrp::Startup>(members));
}

std::vector<vrrp::Member> GroupSimulation::members_of(const Node& node) const {
  std::vector<vrrp::Member> members;
  for (std::size_t i = 0; i < node.states.size(); ++i)
    members.push_back({node.names[i], &node.configs[i], &node.states[i], node.faulty[i] != 0});
  return members;
}

void GroupSimulation::start(std::size_t node, std::vector<vrrp::Startup> startups) {
  take(node, vrrp::start_group(members_of(nodes_[node]), startups, now_));
}

void GroupSimulation::on(std::size_t node, std::size_t member, const vrrp::RouterEvent& event) {
  take(node, step_(members_of(nodes_[node]), member, event, now_));
}

void GroupSimulation::take(std::size_t at, std::vector<vrrp::MemberStep> steps) {
  Node& node = nodes_[at];
  for (vrrp::MemberStep& made : steps) {
    node.states[made.member] = std::move(made.step.state);
    for (const vrrp::Action& action : made.step.actions) {
      if (const auto* advert = std::get_if<vrrp::SendAdvert>(&action))
        broadcast(at, made.member, advert->priority);
      const auto* transition = std::get_if<vrrp::Transitioned>(&action);
      if (transition != nullptr && transition->to == vrrp::StateName::active) ++takeovers_;
    }
  }
  for (const vrrp::State& state : node.states)
    if (state.index() != node.states.front().index()) ++torn_;
}

void GroupSimulation::broadcast(std::size_t from, std::size_t member, std::uint8_t priority) {
  const vrrp::RouterConfig& config = nodes_[from].configs[member];
  const vrrp::AdvertReceived advert{priority, config.advertisement_interval, config.address};
  std::uniform_int_distribution<Duration::rep> delay{10'000, 500'000};
  std::bernoulli_distribution lost{loss_};
  for (std::size_t to = 0; to < nodes_.size(); ++to)
    if (to != from && !cut_.contains({from, member}) && !cut_.contains({to, member}) &&
        !lost(random_))
      wire_.emplace(now_ + Duration{delay(random_)}, Delivery{to, member, advert});
}

TimePoint GroupSimulation::next_event(TimePoint end) const {
  TimePoint next = wire_.empty() ? end : std::min(end, wire_.begin()->first);
  for (const Node& node : nodes_)
    for (const vrrp::State& state : node.states)
      if (const auto due = vrrp::deadline(state)) next = std::min(next, std::max(*due, now_));
  return next;
}

void GroupSimulation::run_for(Duration span) {
  const TimePoint end = now_ + span;
  for (;;) {
    now_ = next_event(end);
    if (now_ >= end) return;
    while (!wire_.empty() && wire_.begin()->first <= now_) {
      const Delivery delivery = wire_.extract(wire_.begin()).mapped();
      on(delivery.node, delivery.member, delivery.advert);
    }
    for (std::size_t node = 0; node < nodes_.size(); ++node)
      for (std::size_t member = 0; member < nodes_[node].states.size(); ++member) {
        const auto due = vrrp::deadline(nodes_[node].states[member]);
        if (due && *due <= now_) on(node, member, vrrp::DeadlineReached{});
      }
  }
}

void GroupSimulation::set_fault(std::size_t node, std::size_t member, bool faulty) {
  if ((nodes_[node].faulty[member] != 0) == faulty) return;
  nodes_[node].faulty[member] = faulty ? 1 : 0;
  if (faulty)
    on(node, member, vrrp::FaultRaised{});
  else
    on(node, member, vrrp::FaultCleared{});
}

void GroupSimulation::restart(std::size_t at, bool with_state) {
  Node& node = nodes_[at];
  std::vector<vrrp::Startup> startups;
  for (vrrp::State& state : node.states) {
    vrrp::Startup startup;
    if (with_state) startup.resume = state;
    startups.push_back(startup);
    state = vrrp::Initialize{};
  }
  start(at, std::move(startups));
}

void GroupSimulation::stop(std::size_t node) {
  std::uint64_t before = torn_;
  for (std::size_t member = 0; member < nodes_[node].states.size(); ++member)
    on(node, member, vrrp::Shutdown{});
  torn_ = before;  // members stop one by one
}

vrrp::StateName GroupSimulation::state(std::size_t node) const {
  return vrrp::state_of_group(members_of(nodes_[node]));
}

std::vector<std::size_t> GroupSimulation::active() const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (state(i) == vrrp::StateName::active) all.push_back(i);
  return all;
}

}  // namespace holdfast::sim
