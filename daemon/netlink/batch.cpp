#include "daemon/netlink/batch.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace holdfast::netlink {
namespace {

constexpr std::size_t receive_size = 64 * 1024;

void refuse_all(std::span<const std::pair<Message, std::string>> requests, std::size_t first,
                int code, std::vector<Refusal>& refused) {
  for (std::size_t i = 0; i < requests.size(); ++i)
    refused.push_back({first + i, fail_errno(code, "cannot {}", requests[i].second).value()});
}

/// What is there already: the kernel answers within sendmsg, so waiting would wait for ever.
/// Returns -errno for an error, -EAGAIN when there is nothing.
ssize_t receive(int fd, std::span<char> buffer) {
  for (;;) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got >= 0) return got;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

void Batch::add(Message message, std::string what) {
  nl_complete_msg(&socket_, message.get());  // gives it the next sequence number
  queue_.emplace_back(std::move(message), std::move(what));
}

std::vector<Refusal> Batch::commit() {
  std::vector<Refusal> refused;
  const auto queue = std::exchange(queue_, {});
  for (std::size_t first = 0; first < queue.size(); first += chunk)
    exchange(std::span{queue}.subspan(first, std::min(chunk, queue.size() - first)), first,
             refused);
  return refused;
}

void Batch::exchange(std::span<const Request> requests, std::size_t first,
                     std::vector<Refusal>& refused) {
  std::vector<iovec> parts;
  for (const auto& [message, what] : requests) {
    nlmsghdr* header = nlmsg_hdr(message.get());
    parts.push_back({header, NLMSG_ALIGN(header->nlmsg_len)});
  }
  nlmsghdr* last = nlmsg_hdr(requests.back().first.get());
  last->nlmsg_flags |= NLM_F_ACK;
  const std::uint32_t first_sequence = nlmsg_hdr(requests.front().first.get())->nlmsg_seq;
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  msghdr header{};
  header.msg_name = &kernel;
  header.msg_namelen = sizeof kernel;
  header.msg_iov = parts.data();
  header.msg_iovlen = parts.size();
  const int fd = nl_socket_get_fd(&socket_);
  while (::sendmsg(fd, &header, 0) < 0)
    if (errno != EINTR) return refuse_all(requests, first, errno, refused);

  // An outcome of EINTR is the only one that the kernel leaves unanswered (netlink_rcv_skb).
  int missing = EINTR;
  std::vector<char> buffer(receive_size);
  for (;;) {
    const ssize_t got = receive(fd, buffer);
    if (got == -ENOBUFS) {  // refusals were lost; the acknowledgement may still be there
      missing = ENOBUFS;
      continue;
    }
    if (got <= 0)
      return refuse_all(requests.last(1), first + requests.size() - 1,
                        got == 0 || got == -EAGAIN ? missing : static_cast<int>(-got), refused);
    auto size = static_cast<int>(got);
    for (auto* reply = reinterpret_cast<nlmsghdr*>(buffer.data()); nlmsg_ok(reply, size);
         reply = nlmsg_next(reply, &size)) {
      if (reply->nlmsg_type != NLMSG_ERROR || reply->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr)))
        continue;
      const auto* answer = static_cast<const nlmsgerr*>(nlmsg_data(reply));
      const std::size_t index = reply->nlmsg_seq - first_sequence;
      if (index >= requests.size()) continue;  // late answer to an earlier batch
      if (answer->error != 0)
        refused.push_back(
            {first + index,
             fail_errno(-answer->error, "cannot {}", requests[index].second).value()});
      if (index + 1 == requests.size()) return;
    }
  }
}

}  // namespace holdfast::netlink
