#include "checkers/core/traffic.h"

#include <fmt/format.h>

#include "checkers/core/row.h"

namespace holdfast::checkers {

ServiceTraffic traffic_of(const Pool& pool, const KernelStatistics& said) {
  ServiceTraffic traffic;
  const Servers servers = pool.destinations();
  for (const auto& [key, statistics] : said) {
    if (!statistics) {
      traffic.unknown.push_back(fmt::format("{}: {}", to_string(key), statistics.error().what));
      continue;
    }
    traffic.total += statistics->traffic;
    add_up(traffic.servers, servers, key, statistics->destinations);
  }
  return traffic;
}

std::string to_string(const ipvs::Traffic& traffic) {
  const ipvs::Counts& total = traffic.total;
  const ipvs::Counts& now = traffic.per_second;
  return fmt::format(
      "{} connections, {} packets and {} bytes in, {} and {} out; per second {} connections, {} "
      "packets and {} bytes in, {} and {} out",
      total.connections, total.packets_in, total.bytes_in, total.packets_out, total.bytes_out,
      now.connections, now.packets_in, now.bytes_in, now.packets_out, now.bytes_out);
}

std::string open_text(const ipvs::DestinationStatistics& statistics) {
  return fmt::format("{} active, {} inactive, {} persistent connections", statistics.open.active,
                     statistics.open.inactive, statistics.persistent);
}

}  // namespace holdfast::checkers
