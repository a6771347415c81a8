// What the kernel counted for services and destinations, as values.
#pragma once

#include <cstdint>
#include <map>

#include "ipvs/table.h"

namespace holdfast::ipvs {

struct Counts {
  std::uint64_t connections = 0;  ///< scheduled
  std::uint64_t packets_in = 0, packets_out = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  bool operator==(const Counts&) const = default;
  Counts& operator+=(const Counts& more) {
    connections += more.connections;
    packets_in += more.packets_in;
    packets_out += more.packets_out;
    bytes_in += more.bytes_in;
    bytes_out += more.bytes_out;
    return *this;
  }
};

/// The kernel adds both up every 2 s. @source net/netfilter/ipvs/ip_vs_est.c
struct Traffic {
  Counts total;       ///< since the object was made or its counters were zeroed
  Counts per_second;  ///< now
  bool operator==(const Traffic&) const = default;
  Traffic& operator+=(const Traffic& more) {
    total += more.total;
    per_second += more.per_second;
    return *this;
  }
};

struct DestinationStatistics {
  Traffic traffic;
  Connections open;
  std::uint64_t persistent = 0;  ///< clients that are bound to it
  bool operator==(const DestinationStatistics&) const = default;
  DestinationStatistics& operator+=(const DestinationStatistics& more) {
    traffic += more.traffic;
    open += more.open;
    persistent += more.persistent;
    return *this;
  }
};

struct ServiceStatistics {
  Traffic traffic;
  std::map<DestinationKey, DestinationStatistics> destinations;
};

}  // namespace holdfast::ipvs
