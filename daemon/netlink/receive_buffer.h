// Receive buffers of netlink sockets, as the configuration sets them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/base/event.h"

namespace holdfast::netlink {

struct ReceiveBuffer {
  std::optional<std::uint32_t> bytes;  ///< not set: the socket's stays
  bool force = false;                  ///< beyond net.core.rmem_max (SO_RCVBUFFORCE)

  /// Reports what the kernel does not give. @param what is received, for the message
  void apply(int socket, std::string_view what, Log& log) const;
};

}  // namespace holdfast::netlink
