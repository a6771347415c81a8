// Nodes with sync groups: every member of a node's group speaks to the same member of the others
// over a link of its own, which can lose, delay and be cut. Time jumps from event to event.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vrrp/core/group.h"

namespace holdfast::sim {

class GroupSimulation {
 public:
  using StepFunction = std::function<std::vector<vrrp::MemberStep>(
      std::span<const vrrp::Member>, std::size_t, const vrrp::RouterEvent&, TimePoint)>;

  /// @param priorities one for each node; node 0 has the highest address
  /// @param step the core: vrrp::step_group, or a broken one that the properties must catch
  GroupSimulation(std::uint64_t seed, const std::vector<std::uint8_t>& priorities,
                  std::size_t members, StepFunction step = vrrp::step_group);

  void run_for(Duration span);
  void set_loss(double loss) { loss_ = loss; }
  /// One member's link of one node is unplugged, which nobody notices but by silence.
  void cut(std::size_t node, std::size_t member) { cut_.insert({node, member}); }
  void heal() { cut_.clear(); }
  void set_fault(std::size_t node, std::size_t member, bool faulty);
  [[nodiscard]] bool is_faulty(std::size_t node, std::size_t member) const {
    return nodes_[node].faulty[member];
  }
  /// The process of a node dies and starts anew at once, with or without its state table.
  void restart(std::size_t node, bool with_state);
  void stop(std::size_t node);

  [[nodiscard]] vrrp::StateName state(std::size_t node) const;
  [[nodiscard]] std::vector<std::size_t> active() const;
  /// How often members of one node were seen in different states.
  [[nodiscard]] std::uint64_t torn() const { return torn_; }
  [[nodiscard]] std::uint64_t takeovers() const { return takeovers_; }
  [[nodiscard]] std::size_t nodes() const { return nodes_.size(); }
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] Duration simulated() const { return now_ - begin; }
  std::mt19937_64& random() { return random_; }

 private:
  struct Node {
    std::vector<std::string> names;
    std::vector<vrrp::RouterConfig> configs;
    std::vector<vrrp::State> states;
    std::vector<char> faulty;
  };
  struct Delivery {
    std::size_t node, member;
    vrrp::AdvertReceived advert;
  };
  [[nodiscard]] std::vector<vrrp::Member> members_of(const Node& node) const;
  void start(std::size_t node, std::vector<vrrp::Startup> startups);
  void on(std::size_t node, std::size_t member, const vrrp::RouterEvent& event);
  void take(std::size_t node, std::vector<vrrp::MemberStep> steps);
  void broadcast(std::size_t node, std::size_t member, std::uint8_t priority);
  [[nodiscard]] TimePoint next_event(TimePoint end) const;

  StepFunction step_;
  std::mt19937_64 random_;
  static constexpr TimePoint begin{std::chrono::hours{1}};
  TimePoint now_ = begin;
  double loss_ = 0;
  std::vector<Node> nodes_;
  std::set<std::pair<std::size_t, std::size_t>> cut_;
  std::multimap<TimePoint, Delivery> wire_;
  std::uint64_t torn_ = 0, takeovers_ = 0;
};

}  // namespace holdfast::sim
