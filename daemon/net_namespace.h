// Network namespaces by name: entering one for good, and opening a socket in another one.
#pragma once

#include <functional>
#include <string>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast {

/// The namespace that `ip netns add NAME` made; for an empty name the one of process 1.
/// Error: it does not exist. @source ip-netns(8)
Result<Fd> open_net_namespace(const std::string& name);

/// From here on this process, and what it starts, is there. Error with EPERM: CAP_SYS_ADMIN is
/// missing.
Result<void> enter_net_namespace(const std::string& name);

/// What `open` opens while this process is for a moment in another namespace. Only for a process
/// with one thread. Error: that of `open`, or the namespace cannot be entered.
Result<Fd> open_in_net_namespace(const Fd& net_namespace, const std::function<Result<Fd>()>& open);

/// A netlink socket of that namespace, without an address yet. @param protocol NETLINK_...
Result<Fd> open_netlink(int protocol, const std::string& net_namespace);
/// One for IPVS and other generic netlink families, with an address.
Result<Fd> open_generic_netlink(const std::string& net_namespace);

}  // namespace holdfast
