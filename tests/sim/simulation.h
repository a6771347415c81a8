// N real router cores on a pretend network: loss, delay, duplication, partition, pause, restart and
// clock drift, all from one seed. Time jumps from event to event.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "vrrp/core/router.h"

namespace holdfast::sim {

/// What the network does to every advert.
struct Weather {
  double loss = 0;
  double duplication = 0;
  Duration longest_delay = std::chrono::microseconds{500};
};

class Simulation {
 public:
  using StepFunction = std::function<vrrp::Step(const vrrp::RouterConfig&, const vrrp::State&,
                                                const vrrp::RouterEvent&, TimePoint)>;

  /// @param step the core: vrrp::step, or a broken one that the invariants must catch
  Simulation(std::uint64_t seed, const std::vector<vrrp::RouterConfig>& configs,
             StepFunction step = vrrp::step);

  void set_weather(const Weather& weather) { weather_ = weather; }
  void run_for(Duration span);
  /// Nodes of different groups do not hear each other.
  void partition(const std::vector<int>& group_of_node) { groups_ = group_of_node; }
  void heal() { groups_.assign(nodes_.size(), 0); }
  /// The node's process sleeps; what arrives waits in its sockets.
  void pause(std::size_t node, Duration span);
  /// The process dies and is started again after `gap`, with or without its state table.
  void restart(std::size_t node, Duration gap, bool with_state);
  /// Stops in order (SIGTERM).
  void stop(std::size_t node);

  [[nodiscard]] std::vector<std::size_t> active() const;
  [[nodiscard]] TimePoint now() const { return now_; }
  /// Longest time for which two nodes of one group were both Active since the last call.
  Duration take_longest_overlap();
  [[nodiscard]] std::uint64_t takeovers(std::size_t node) const { return nodes_[node].takeovers; }
  [[nodiscard]] const vrrp::RouterConfig& config(std::size_t node) const {
    return nodes_[node].config;
  }
  std::mt19937_64& random() { return random_; }

 private:
  struct Node {
    vrrp::RouterConfig config;
    vrrp::State state;
    double drift = 1.0;  ///< its clock against true time
    TimePoint asleep_until;
    std::optional<TimePoint> starts_at;
    std::optional<vrrp::State> remembered;
    std::vector<vrrp::AdvertReceived> waiting;  ///< arrived while asleep
    std::uint64_t takeovers = 0;
  };
  struct Delivery {
    std::size_t to;
    vrrp::AdvertReceived advert;
  };

  [[nodiscard]] TimePoint local(const Node& node, TimePoint truth) const;
  [[nodiscard]] TimePoint truth(const Node& node, TimePoint local) const;
  [[nodiscard]] std::optional<TimePoint> due(const Node& node) const;
  [[nodiscard]] TimePoint next_event(TimePoint end) const;
  void apply(std::size_t node, const vrrp::RouterEvent& event);
  void broadcast(std::size_t from, std::uint8_t priority);
  void wake(std::size_t node);
  void serve(std::size_t node);
  void measure_overlap(TimePoint until);

  StepFunction step_;
  std::mt19937_64 random_;
  TimePoint now_{std::chrono::hours{1}};
  Weather weather_;
  std::vector<Node> nodes_;
  std::vector<int> groups_;
  std::multimap<TimePoint, Delivery> wire_;
  Duration overlap_{0}, longest_overlap_{0};
};

}  // namespace holdfast::sim
