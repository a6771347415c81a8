#include "daemon/netlink/receive_buffer.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

namespace holdfast::netlink {

void ReceiveBuffer::apply(int socket, std::string_view what, Log& log) const {
  if (!bytes) return;
  // The kernel doubles it (socket(7)), and takes a signed number.
  constexpr std::uint32_t most = std::numeric_limits<int>::max() / 2;
  const auto wanted = static_cast<int>(std::min(*bytes, most));
  int given = 0;
  socklen_t size = sizeof given;
  const int option = force ? SO_RCVBUFFORCE : SO_RCVBUF;
  if (::setsockopt(socket, SOL_SOCKET, option, &wanted, sizeof wanted) != 0)
    log.write(Event{Level::warning, "receive_buffer",
                    fmt::format("cannot set the receive buffer for {} to {} bytes: {}", what,
                                wanted, ::strerrordesc_np(errno))});
  else if (::getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &given, &size) == 0 && given / 2 < wanted)
    log.write(Event{Level::warning, "receive_buffer",
                    fmt::format("the receive buffer for {} is {} bytes and not {}: "
                                "net.core.rmem_max allows no more; the keyword with _force does",
                                what, given / 2, wanted)});
}

}  // namespace holdfast::netlink
