// Owners for libnl's socket and message.
#pragma once

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <memory>

#include "daemon/base/free_with.h"
#include "daemon/base/result.h"

namespace holdfast::netlink {

using Message = std::unique_ptr<nl_msg, FreeWith<nlmsg_free>>;
using Socket = std::unique_ptr<nl_sock, FreeWith<nl_socket_free>>;

/// A connected request socket. @param protocol NETLINK_ROUTE or NETLINK_GENERIC
Result<Socket> connect(int protocol);

/// The same over an open and bound socket, of another network namespace perhaps, which is shared.
Result<Socket> adopt(int descriptor, int protocol);

/// An empty message of `type`. @param flags NLM_F_...; NLM_F_REQUEST is added
Message make_message(int type, int flags);

}  // namespace holdfast::netlink
