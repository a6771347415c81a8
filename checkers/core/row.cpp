#include "checkers/core/row.h"

namespace holdfast::checkers {

std::optional<ipvs::DestinationKey> destination_for(const ipvs::ServiceKey& key,
                                                    const ipvs::DestinationKey& server,
                                                    ipvs::Forwarding forwarding) {
  const bool is_tunnel = forwarding == ipvs::Forwarding::tunnel;
  if (server.address.family() != key.address.family() && !is_tunnel) return std::nullopt;
  const bool keeps_port = forwarding != ipvs::Forwarding::masquerade || server.port == 0;
  return ipvs::DestinationKey{server.address, keeps_port ? key.port : server.port};
}

ipvs::Service row_for(const ipvs::ServiceKey& key, const ipvs::Service& row) {
  ipvs::Service made{row.settings, {}};
  for (const auto& [server, settings] : row.destinations)
    if (const auto destination = destination_for(key, server, settings.forwarding))
      made.destinations.emplace(*destination, settings);
  return made;
}

}  // namespace holdfast::checkers
