// A server that is gone from the configuration and still drains, as it is kept for another process.
// Read as foreign bytes. Pure.
#pragma once

#include <optional>
#include <vector>

#include "daemon/base/bytes.h"
#include "daemon/base/time.h"
#include "ipvs/table.h"

namespace holdfast::checkers {

struct LeavingServer {
  ipvs::DestinationKey key;
  ipvs::DestinationSettings settings;  ///< its weight is 0
  TimePoint since;
  bool operator==(const LeavingServer&) const = default;
};

/// At most as long as a value of process::StateTable.
std::vector<std::byte> to_bytes(const LeavingServer& server);
/// Nothing: these are none of to_bytes().
std::optional<LeavingServer> leaving_server(Bytes bytes);

}  // namespace holdfast::checkers
