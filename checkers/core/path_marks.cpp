#include "checkers/core/path_marks.h"

namespace holdfast::checkers {
namespace {

template <typename Function>
void for_each_path(CheckersConfig& config, const Function& function) {
  for (VirtualServer& service : config.services)
    for (RealServer& server : service.servers)
      for (Check& check : server.checks)
        if (check.endpoint.path) function(check.endpoint);
}

}  // namespace

std::uint32_t PathMarks::take() {
  if (free_.empty()) return next_++;
  return free_.extract(free_.begin()).value();
}

void PathMarks::free_unused(const std::set<std::uint32_t>& used, Change& change) {
  std::erase_if(marks_, [&](const auto& entry) {
    const auto& [path, mark] = entry;
    if (used.contains(mark)) return false;
    change.gone.push_back(ipvs::ServiceKey::of_mark(mark, path.family));
    free_.insert(mark);
    return true;
  });
}

PathMarks::Change PathMarks::assign(CheckersConfig& config) {
  Change change;
  const bool begins_elsewhere =
      std::exchange(first_, config.globals.check_path_first_mark) != first_;
  std::set<std::uint32_t> used;
  if (!begins_elsewhere)
    for_each_path(config, [&](const Endpoint& endpoint) {
      if (const auto known = marks_.find(*endpoint.path); known != marks_.end())
        used.insert(known->second);
    });
  free_unused(used, change);
  if (begins_elsewhere) {
    free_.clear();
    next_ = first_;
  }
  for_each_path(config, [&](Endpoint& endpoint) {
    auto known = marks_.find(*endpoint.path);
    if (known == marks_.end()) {
      known = marks_.emplace(*endpoint.path, take()).first;
      change.made.emplace_back(ipvs::ServiceKey::of_mark(known->second, endpoint.path->family),
                               *endpoint.path);
    }
    endpoint.fwmark = known->second;
  });
  return change;
}

ipvs::Service service_of(const ForwardingPath& path) {
  ipvs::Service service;
  service.settings.scheduler = "rr";
  // A datagram that needs no translation back is no connection that is kept for minutes.
  if (path.forwarding != ipvs::Forwarding::masquerade)
    service.settings.flags = ipvs::service_flag::one_packet;
  ipvs::DestinationSettings settings;
  settings.forwarding = path.forwarding;
  settings.tunnel = path.tunnel;
  service.destinations.emplace(path.server, settings);
  return service;
}

std::string_view method_of(const ForwardingPath& path) {
  switch (path.forwarding) {
    case ipvs::Forwarding::masquerade:
      return "NAT";
    case ipvs::Forwarding::tunnel:
      return "TUN";
    case ipvs::Forwarding::direct_route:
      break;
  }
  return "DR";
}

}  // namespace holdfast::checkers
