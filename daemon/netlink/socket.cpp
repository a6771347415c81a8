#include "daemon/netlink/socket.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/assert.h"

namespace holdfast::netlink {

namespace {

/// @param connect gives it a descriptor; libnl's error code
template <typename Connect>
Result<Socket> make(const Connect& connect) {
  Socket socket{nl_socket_alloc()};
  if (!socket) return fail("out of memory for a netlink socket");
  // One acknowledgement for a batch, asked for by Batch itself.
  nl_socket_disable_auto_ack(socket.get());
  if (const int error = connect(socket.get()); error < 0)
    return fail("cannot open a netlink socket: {}", nl_geterror(error));
  // A refused request is echoed; without its payload a whole batch of refusals fits the buffer.
  const int on = 1;
  ::setsockopt(nl_socket_get_fd(socket.get()), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  constexpr int buffer = 1 << 20;
  nl_socket_set_buffer_size(socket.get(), buffer, buffer);
  // What the kernel puts into one datagram of a dump at most, so that libnl need not ask first how
  // long the next one is. @source netlink_recvmsg(), min(max_recvmsg_len, 32768)
  constexpr std::size_t longest_datagram = 32768;
  nl_socket_set_msg_buf_size(socket.get(), longest_datagram);
  nl_socket_disable_msg_peek(socket.get());
  return socket;
}

}  // namespace

Result<Socket> connect(int protocol) {
  return make([=](nl_sock* socket) { return nl_connect(socket, protocol); });
}

Result<Socket> adopt(int descriptor, int protocol) {
  return make([=](nl_sock* socket) {
    const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    const int error = nl_socket_set_fd(socket, protocol, own);
    if (error < 0 && own >= 0) ::close(own);
    return error;
  });
}

Message make_message(int type, int flags) {
  Message message{nlmsg_alloc_simple(type, flags | NLM_F_REQUEST)};
  BASE_ASSERT(message != nullptr);
  return message;
}

}  // namespace holdfast::netlink
