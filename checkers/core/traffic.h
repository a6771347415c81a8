// What went through a service and its servers, added up over all of its keys. Pure.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "checkers/core/pool.h"
#include "daemon/base/result.h"
#include "ipvs/statistics.h"

namespace holdfast::checkers {

struct ServiceTraffic {
  ipvs::Traffic total;
  /// By the key that is configured, or was: servers, the sorry server, those that still drain. One
  /// that is not in the kernel's table has none.
  std::map<ipvs::DestinationKey, ipvs::DestinationStatistics> servers;
  std::vector<std::string> unknown;  ///< keys whose part is missing, and why
};

/// What the kernel said of each key of a service.
using KernelStatistics = std::vector<std::pair<ipvs::ServiceKey, Result<ipvs::ServiceStatistics>>>;

ServiceTraffic traffic_of(const Pool& pool, const KernelStatistics& said);

/// `12 connections, 30 packets and 4000 bytes in, 20 and 90000 out; now 1 connection/s, ...`.
std::string to_string(const ipvs::Traffic& traffic);
/// `3 active, 1 inactive, 0 persistent connections`.
std::string open_text(const ipvs::DestinationStatistics& statistics);

}  // namespace holdfast::checkers
