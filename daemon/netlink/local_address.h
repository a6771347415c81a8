// The address of this host in a notification about addresses.
#pragma once

#include <optional>
#include <vector>

#include "daemon/base/ip.h"

struct nlattr;

namespace holdfast::netlink {

/// Nothing: there is none.
/// @param attributes of RTM_NEWADDR or RTM_DELADDR, as attributes() gives them
/// @source linux/if_addr.h: IFA_ADDRESS is the other end's on a point-to-point interface, and then
/// IFA_LOCAL is ours
std::optional<IpAddress> local_address(const std::vector<const nlattr*>& attributes);

}  // namespace holdfast::netlink
