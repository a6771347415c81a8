// What the tests of pools have in common: services of servers 10.0.0.10, .11, ..., a check each.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "checkers/core/pool.h"

namespace holdfast::checkers {

inline IpAddress address(int i) {
  return IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(i));
}

inline VirtualServer service_of(std::vector<std::uint32_t> weights, std::uint32_t quorum = 1,
                                std::uint32_t hysteresis = 0) {
  VirtualServer service;
  service.key = {ipvs::Protocol::tcp, address(1), 80};
  service.name = to_string(service.key);
  service.quorum = quorum;
  service.hysteresis = hysteresis;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    RealServer server;
    server.key = {address(10 + static_cast<int>(i)), 80};
    server.settings.weight = weights[i];
    server.checks.resize(1);
    service.servers.push_back(server);
  }
  return service;
}
inline std::vector<std::vector<bool>> all(std::size_t servers, bool up) {
  return std::vector<std::vector<bool>>(servers, std::vector<bool>{up});
}
inline bool says(const Effects& effects, std::string_view text) {
  return std::ranges::any_of(effects.events, [&](const Event& event) {
    return event.text.find(text) != std::string::npos;
  });
}

}  // namespace holdfast::checkers
