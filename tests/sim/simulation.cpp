#include "tests/sim/simulation.h"

#include <algorithm>
#include <cmath>

namespace holdfast::sim {

using vrrp::Active;

namespace {

const IpAddress group = IpAddress::v4(0xE0000012);
const IpAddress virtual_address = IpAddress::v4(0x0A0000FE);

}  // namespace

Simulation::Simulation(std::uint64_t seed, const std::vector<vrrp::RouterConfig>& configs,
                       StepFunction step)
    : step_{std::move(step)}, random_{seed} {
  std::uniform_real_distribution<double> drift{0.9998, 1.0002};  // 200 ppm, a bad crystal
  for (std::size_t i = 0; i < configs.size(); ++i) {
    Node node;
    node.config = configs[i];
    node.base_priority = configs[i].priority;
    node.config.address = IpAddress::v4(0x0A000001U + static_cast<std::uint32_t>(i));
    node.drift = drift(random_);
    node.starts_at = now_ + std::chrono::milliseconds{random_() % 1000};
    nodes_.push_back(std::move(node));
  }
  heal();
}

TimePoint Simulation::local(const Node& node, TimePoint truth) const {
  return TimePoint{
      Duration{std::llround(static_cast<double>(truth.time_since_epoch().count()) * node.drift)}};
}

TimePoint Simulation::truth(const Node& node, TimePoint local) const {
  // Rounded up: the node's timer never fires early by its own clock.
  return TimePoint{Duration{static_cast<std::int64_t>(
             std::ceil(static_cast<double>(local.time_since_epoch().count()) / node.drift))}} +
         Duration{2};
}

std::optional<TimePoint> Simulation::due(const Node& node) const {
  if (node.starts_at) return node.starts_at;
  const auto deadline = vrrp::deadline(node.state);
  std::optional<TimePoint> when;
  if (deadline) when = truth(node, *deadline);
  if (!node.waiting.empty()) when = node.asleep_until;
  if (when) when = std::max(*when, node.asleep_until);
  return when;
}

TimePoint Simulation::next_event(TimePoint end) const {
  TimePoint next = end;
  for (const Node& node : nodes_)
    if (const auto when = due(node)) next = std::min(next, std::max(*when, now_));
  if (!wire_.empty()) next = std::min(next, std::max(wire_.begin()->first, now_));
  return next;
}

void Simulation::run_for(Duration span) {
  const TimePoint end = now_ + span;
  for (;;) {
    const TimePoint next = next_event(end);
    measure_overlap(next);
    now_ = next;
    if (now_ >= end) return;
    while (!wire_.empty() && wire_.begin()->first <= now_) {
      auto [to, packet] = std::move(wire_.extract(wire_.begin()).mapped());
      if (nodes_[to].starts_at) continue;  // nobody listens
      nodes_[to].waiting.push_back(std::move(packet));
      if (nodes_[to].asleep_until <= now_) wake(to);
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) serve(i);
  }
}

/// The adapter's contract: the sockets are drained before a deadline is believed.
void Simulation::wake(std::size_t node) {
  for (const Node::Packet& packet : std::exchange(nodes_[node].waiting, {})) hear(node, packet);
}

vrrp::HmacSequence Simulation::time_of_day(const Node& node) const {
  return vrrp::hmac_clock(local(node, now_).time_since_epoch() + node.clock_error);
}

/// What the adapter does with a packet.
void Simulation::hear(std::size_t i, const Node::Packet& packet) {
  Node& node = nodes_[i];
  vrrp::Reception reception;
  reception.trailer = node.speech.hmac.has_value();
  const auto parsed =
      vrrp::parse(packet.bytes, {packet.source, packet.destination, 255}, reception);
  const vrrp::Expectation expectation{node.config.version,   node.config.advertisement_interval,
                                      node.speech.auth_type, node.speech.password,
                                      node.config.address,   false};
  const bool taken =
      parsed &&
      (!node.speech.hmac || !node.receiver.check(*parsed, packet.bytes, packet.source,
                                                 *node.speech.hmac, time_of_day(node))) &&
      !vrrp::refuses(expectation, parsed->advert, packet.source);
  if (!taken) {
    ++discarded_;
    return;
  }
  apply(i, vrrp::AdvertReceived{parsed->advert.priority, parsed->advert.interval, packet.source});
}

void Simulation::serve(std::size_t i) {
  Node& node = nodes_[i];
  if (node.starts_at && *node.starts_at <= now_) {
    node.starts_at.reset();
    node.state = vrrp::Initialize{};
    apply(i, vrrp::Startup{std::exchange(node.remembered, std::nullopt), node.sum.has_fault()});
    return;
  }
  if (node.starts_at || node.asleep_until > now_) return;
  wake(i);
  const auto deadline = vrrp::deadline(node.state);
  if (deadline && *deadline <= local(node, now_)) apply(i, vrrp::DeadlineReached{});
}

void Simulation::apply(std::size_t i, const vrrp::RouterEvent& event) {
  Node& node = nodes_[i];
  vrrp::Step next = step_(node.config, node.state, event, local(node, now_));
  node.state = std::move(next.state);
  for (const vrrp::Action& action : next.actions) {
    if (const auto* advert = std::get_if<vrrp::SendAdvert>(&action)) broadcast(i, advert->priority);
    const auto* transition = std::get_if<vrrp::Transitioned>(&action);
    if (transition != nullptr && transition->to == vrrp::StateName::active) ++node.takeovers;
  }
}

std::vector<std::byte> Simulation::advert_of(Node& node, std::uint8_t priority,
                                             const IpAddress& destination,
                                             std::optional<vrrp::HmacSequence> signature) {
  vrrp::Advert advert;
  advert.version = node.config.version;
  advert.priority = priority;
  advert.interval = node.config.advertisement_interval;
  advert.auth_type = node.speech.auth_type;
  advert.password = node.speech.password;
  advert.addresses = {virtual_address};
  auto bytes = vrrp::encode(advert, node.config.address, destination, node.speech.checksum);
  if (signature) vrrp::sign(bytes, node.config.address, destination, *node.speech.hmac, *signature);
  return bytes;
}

void Simulation::broadcast(std::size_t from, std::uint8_t priority) {
  Node& node = nodes_[from];
  std::optional<vrrp::HmacSequence> signature;
  if (node.speech.hmac && node.speech.hmac->mode != vrrp::HmacMode::receive_only)
    signature = node.sender.next(*node.speech.hmac, time_of_day(node));
  std::uniform_int_distribution<Duration::rep> delay{10'000, weather_.longest_delay.count()};
  std::bernoulli_distribution lost{weather_.loss};
  std::bernoulli_distribution twice{weather_.duplication};
  const bool unicast = !node.speech.peers.empty();
  const auto for_all =
      unicast ? std::vector<std::byte>{} : advert_of(node, priority, group, signature);
  for (std::size_t to = 0; to < nodes_.size(); ++to) {
    if (to == from || groups_[to] != groups_[from]) continue;
    if (unicast && !node.speech.peers.contains(to)) continue;
    const IpAddress destination = unicast ? nodes_[to].config.address : group;
    for (int copies = twice(random_) ? 2 : 1; copies > 0; --copies)
      if (!lost(random_))
        wire_.emplace(
            now_ + Duration{delay(random_)},
            Delivery{to,
                     {unicast ? advert_of(node, priority, destination, signature) : for_all,
                      node.config.address, destination}});
  }
}

void Simulation::pause(std::size_t node, Duration span) {
  nodes_[node].asleep_until = std::max(nodes_[node].asleep_until, now_ + span);
}

void Simulation::restart(std::size_t i, Duration gap, bool with_state) {
  Node& node = nodes_[i];
  node.remembered = with_state ? std::optional{node.state} : std::nullopt;
  node.starts_at = now_ + gap;
  node.waiting.clear();
  node.sender = {};
  node.receiver = {};
  // The kernel keeps the addresses meanwhile, but nobody speaks for the router.
  node.state = vrrp::Initialize{};
}

void Simulation::stop(std::size_t node) { apply(node, vrrp::Shutdown{}); }

void Simulation::set_trackers(std::size_t node, std::vector<vrrp::Tracked> trackers) {
  nodes_[node].sum = vrrp::TrackedSum{trackers.size()};
  nodes_[node].trackers = std::move(trackers);
  for (std::size_t i = 0; i < nodes_[node].trackers.size(); ++i)
    set_reading(node, i, vrrp::Reading::of(true));
}

void Simulation::set_reading(std::size_t i, std::size_t tracker, const vrrp::Reading& reading) {
  Node& node = nodes_[i];
  const bool was_faulty = node.sum.has_fault();
  node.sum.set(tracker, vrrp::contribution(node.trackers[tracker], reading));
  const vrrp::RouterConfig before = node.config;
  node.config.priority = vrrp::effective_priority(node.base_priority, node.sum.total());
  if (node.starts_at) return;
  if (node.config != before) apply(i, vrrp::ConfigChanged{before});
  if (!was_faulty && node.sum.has_fault()) apply(i, vrrp::FaultRaised{});
  if (was_faulty && !node.sum.has_fault()) apply(i, vrrp::FaultCleared{});
}

std::vector<std::size_t> Simulation::active() const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (std::holds_alternative<Active>(nodes_[i].state)) all.push_back(i);
  return all;
}

void Simulation::measure_overlap(TimePoint until) {
  std::map<int, int> active_in_group;
  for (const std::size_t node : active()) ++active_in_group[groups_[node]];
  const bool overlaps =
      std::ranges::any_of(active_in_group, [](const auto& entry) { return entry.second > 1; });
  overlap_ = overlaps ? overlap_ + (until - now_) : Duration{0};
  longest_overlap_ = std::max(longest_overlap_, overlap_);
}

Duration Simulation::take_longest_overlap() {
  overlap_ = Duration{0};
  return std::exchange(longest_overlap_, Duration{0});
}

}  // namespace holdfast::sim
