// N real router cores on a pretend network: loss, delay, duplication, partition, pause, restart and
// clock drift, all from one seed. Time jumps from event to event. Adverts are the real bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "vrrp/core/hmac_trailer.h"
#include "vrrp/core/packet.h"
#include "vrrp/core/router.h"
#include "vrrp/core/tracker.h"

namespace holdfast::sim {

/// What the network does to every advert.
struct Weather {
  double loss = 0;
  double duplication = 0;
  Duration longest_delay = std::chrono::microseconds{500};
};

/// How a router speaks, and what it takes.
struct Speech {
  std::set<std::size_t> peers;  ///< nodes that unicast adverts go to; empty: multicast
  vrrp::AuthType auth_type = vrrp::AuthType::none;
  vrrp::Secret password;
  std::optional<vrrp::HmacPolicy> hmac;
  vrrp::ChecksumStyle checksum = vrrp::ChecksumStyle::pseudo_header;
};

class Simulation {
 public:
  using StepFunction = std::function<vrrp::Step(const vrrp::RouterConfig&, const vrrp::State&,
                                                const vrrp::RouterEvent&, TimePoint)>;

  /// @param step the core: vrrp::step, or a broken one that the invariants must catch
  Simulation(std::uint64_t seed, const std::vector<vrrp::RouterConfig>& configs,
             StepFunction step = vrrp::step);

  void set_speech(std::size_t node, Speech speech) { nodes_[node].speech = std::move(speech); }
  /// Adverts that were not taken, for whatever reason.
  [[nodiscard]] std::uint64_t discarded() const { return discarded_; }
  void set_weather(const Weather& weather) { weather_ = weather; }
  void run_for(Duration span);
  /// Nodes of different groups do not hear each other.
  void partition(const std::vector<int>& group_of_node) { groups_ = group_of_node; }
  void heal() { groups_.assign(nodes_.size(), 0); }
  /// The node's process sleeps; what arrives waits in its sockets.
  void pause(std::size_t node, Duration span);
  /// The process dies and is started again after `gap`, with or without its state table.
  void restart(std::size_t node, Duration gap, bool with_state);
  /// Sets the node's time of day wrong by `error`. Deadlines are counted by another clock.
  void set_clock_error(std::size_t node, Duration error) { nodes_[node].clock_error = error; }
  /// What the node tracks from now on; all of it is good at first.
  void set_trackers(std::size_t node, std::vector<vrrp::Tracked> trackers);
  void set_reading(std::size_t node, std::size_t tracker, const vrrp::Reading& reading);
  [[nodiscard]] bool is_faulty(std::size_t node) const { return nodes_[node].sum.has_fault(); }
  /// An operator's HandOver or TakeBack; nothing when the process does not run.
  /// @return whether it runs
  bool tell(std::size_t node, const vrrp::RouterEvent& event) {
    if (!nodes_[node].starts_at) apply(node, event);
    return !nodes_[node].starts_at;
  }
  /// Stops in order (SIGTERM).
  void stop(std::size_t node);

  [[nodiscard]] std::vector<std::size_t> active() const;
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] Duration simulated() const { return now_ - begin; }
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
    struct Packet {
      std::vector<std::byte> bytes;
      IpAddress source, destination;
    };
    std::vector<Packet> waiting;  ///< arrived while asleep
    std::uint64_t takeovers = 0;
    Speech speech{};
    Duration clock_error{0};
    std::uint8_t base_priority = 0;
    std::vector<vrrp::Tracked> trackers{};
    vrrp::TrackedSum sum{};
    vrrp::HmacSender sender{};
    vrrp::HmacReceiver receiver{};
  };
  struct Delivery {
    std::size_t to;
    Node::Packet packet;
  };

  [[nodiscard]] TimePoint local(const Node& node, TimePoint truth) const;
  [[nodiscard]] TimePoint truth(const Node& node, TimePoint local) const;
  [[nodiscard]] std::optional<TimePoint> due(const Node& node) const;
  [[nodiscard]] TimePoint next_event(TimePoint end) const;
  void apply(std::size_t node, const vrrp::RouterEvent& event);
  void broadcast(std::size_t from, std::uint8_t priority);
  void wake(std::size_t node);
  void hear(std::size_t node, const Node::Packet& packet);
  [[nodiscard]] std::vector<std::byte> advert_of(Node& node, std::uint8_t priority,
                                                 const IpAddress& destination,
                                                 std::optional<vrrp::HmacSequence> signature);
  /// The time of day of a node: it drifts with its clock, and has an error of its own.
  [[nodiscard]] vrrp::HmacSequence time_of_day(const Node& node) const;
  void serve(std::size_t node);
  void measure_overlap(TimePoint until);

  StepFunction step_;
  std::mt19937_64 random_;
  static constexpr TimePoint begin{std::chrono::hours{1}};
  TimePoint now_ = begin;
  Weather weather_;
  std::vector<Node> nodes_;
  std::vector<int> groups_;
  std::multimap<TimePoint, Delivery> wire_;
  Duration overlap_{0}, longest_overlap_{0};
  std::uint64_t discarded_ = 0;
};

}  // namespace holdfast::sim
