#include "daemon/process/channel.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

namespace holdfast::process {
namespace {

/// Space for the control message that carries descriptors.
union Control {
  std::array<char, CMSG_SPACE(sizeof(int) * Channel::max_fds)> bytes;
  cmsghdr align;
};

std::vector<Fd> taken_descriptors(msghdr& header) {
  std::vector<Fd> fds;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
  return fds;
}

}  // namespace

Channel::Channel(Fd socket) : socket_{std::move(socket)} {
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  ::fcntl(socket_.get(), F_SETFD, FD_CLOEXEC);
}

Result<std::pair<Channel, Fd>> Channel::make_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail_errno(errno, "cannot create the channel to a worker");
  return std::pair{Channel{Fd{ends[0]}}, Fd{ends[1]}};
}

Result<void> Channel::send(const boost::json::object& body, const std::vector<int>& fds) {
  std::string text = boost::json::serialize(body);
  if (text.size() > max_message || fds.size() > max_fds)
    return fail("a message of {} bytes and {} descriptors is too large for the channel",
                text.size(), fds.size());
  iovec part{text.data(), text.size()};
  Control control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(rights), fds.data(), sizeof(int) * fds.size());
  }
  while (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return fail_errno(errno, "cannot send to the other process");
  return {};
}

Result<std::optional<Packet>> Channel::receive() {
  std::string text(max_message, '\0');
  iovec part{text.data(), text.size()};
  Control control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
  if (got <= 0) return tl::make_unexpected(Error{"the other process closed the channel", EPIPE});
  Packet packet;
  packet.fds = taken_descriptors(header);
  text.resize(static_cast<std::size_t>(got));
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object() || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return tl::make_unexpected(Error{"a message on the channel is not one JSON object", EBADMSG});
  packet.body = std::move(value.get_object());
  return packet;
}

}  // namespace holdfast::process
