// The rows of the kernel's table that one service has: where its servers stand under each of its
// keys, and what they have there, added up. Pure.
#pragma once

#include <map>
#include <optional>

#include "ipvs/table.h"

namespace holdfast::checkers {

/// The destination that a configured server is under a key. The kernel rewrites ports for NAT only,
/// so elsewhere it has the key's. Nothing: a server of the other family, without a tunnel.
std::optional<ipvs::DestinationKey> destination_for(const ipvs::ServiceKey& key,
                                                    const ipvs::DestinationKey& server,
                                                    ipvs::Forwarding forwarding);

/// The row of a service that has several keys as one of them has it.
ipvs::Service row_for(const ipvs::ServiceKey& key, const ipvs::Service& row);

/// Servers as they are configured, or were.
using Servers = std::map<ipvs::DestinationKey, ipvs::Forwarding>;

/// Adds what the destinations of one key have to the sums of their servers.
template <typename Value>
void add_up(std::map<ipvs::DestinationKey, Value>& sums, const Servers& servers,
            const ipvs::ServiceKey& key, const std::map<ipvs::DestinationKey, Value>& found) {
  for (const auto& [server, forwarding] : servers) {
    const auto destination = destination_for(key, server, forwarding);
    if (!destination) continue;
    if (const auto value = found.find(*destination); value != found.end())
      sums[server] += value->second;
  }
}

}  // namespace holdfast::checkers
