// Which route the kernel's tables have for an address.
#pragma once

#include <string>

#include "daemon/base/ip.h"
#include "daemon/base/result.h"

namespace holdfast::netlink {

struct FoundRoute {
  std::string interface;  ///< of the route itself, also for an address of this host; empty: several
  bool is_local = false;  ///< the address is one of this host
};

/// Error with the errno that a connection would get: ENETUNREACH, EHOSTUNREACH.
Result<FoundRoute> route_to(const IpAddress& address);

/// The address that packets to `destination` would come from, without an interface to ask.
Result<IpAddress> source_towards(const IpAddress& destination);

}  // namespace holdfast::netlink
