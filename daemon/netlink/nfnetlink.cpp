#include "daemon/netlink/nfnetlink.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "daemon/netlink/monitor.h"

namespace holdfast::netlink {
namespace {

/// A transaction goes out in one message, and thousands of elements are some hundred KiB.
constexpr int send_buffer = 8 << 20;
constexpr std::size_t receive_size = 64 * 1024;
constexpr std::uint16_t new_generation = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN;

/// Beyond the system's limits only with CAP_NET_ADMIN, which changes of a filter need as well.
void enlarge_send_buffer(int fd) {
  if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof send_buffer) != 0)
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
}

/// The kernel announces a transaction as one message for each object, and then as a generation.
Result<void> take_generations_only(int fd) {
  constexpr std::uint32_t type_offset = 4;
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, type_offset),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(new_generation), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog filter{program.size(), program.data()};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
    return fail_errno(errno, "cannot filter the notifications of nf_tables");
  return {};
}

/// The first refusal in what the kernel has answered.
int refusal_in(std::span<char> packet) {
  auto left = static_cast<int>(packet.size());
  for (auto* message = reinterpret_cast<nlmsghdr*>(packet.data()); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    if (message->nlmsg_type != NLMSG_ERROR || message->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr)))
      continue;
    if (const int error = static_cast<const nlmsgerr*>(NLMSG_DATA(message))->error; error != 0)
      return -error;
  }
  return 0;
}

}  // namespace

void Nfnetlink::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
Nfnetlink::Nfnetlink(std::unique_ptr<mnl_socket, Close> socket) : socket_{std::move(socket)} {}
Nfnetlink::Nfnetlink(Nfnetlink&&) noexcept = default;
Nfnetlink& Nfnetlink::operator=(Nfnetlink&&) noexcept = default;
Nfnetlink::~Nfnetlink() = default;

Result<Nfnetlink> Nfnetlink::open() {
  return bound(
      std::unique_ptr<mnl_socket, Close>{mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)});
}

Result<Nfnetlink> Nfnetlink::open(Fd socket) {
  std::unique_ptr<mnl_socket, Close> made{mnl_socket_fdopen(socket.get())};
  if (made) static_cast<void>(socket.release());  // it is the other's now
  return bound(std::move(made));
}

Result<Nfnetlink> Nfnetlink::bound(std::unique_ptr<mnl_socket, Close> socket) {
  if (!socket) return fail_errno(errno, "cannot open a netfilter socket");
  if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0)
    return fail_errno(errno, "cannot bind the netfilter socket");
  enlarge_send_buffer(mnl_socket_get_fd(socket.get()));
  int on = 1;  // answers without the request in them
  mnl_socket_setsockopt(socket.get(), NETLINK_CAP_ACK, &on, sizeof on);
  return Nfnetlink{std::move(socket)};
}

std::uint32_t Nfnetlink::port() const { return mnl_socket_get_portid(socket_.get()); }
int Nfnetlink::descriptor() const { return mnl_socket_get_fd(socket_.get()); }

Result<void> Nfnetlink::send(std::span<const char> messages) {
  while (mnl_socket_sendto(socket_.get(), messages.data(), messages.size()) < 0)
    if (errno != EINTR) return fail_errno(errno, "cannot ask the kernel");
  // The kernel answers within sendmsg, and says nothing of what it accepted.
  int refused = 0;
  std::vector<char> buffer(receive_size);
  for (;;) {
    const ssize_t got = ::recv(descriptor(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ENOBUFS) {
      if (refused == 0) refused = ENOBUFS;  // refusals that we shall not see
      continue;
    }
    if (got <= 0) break;
    const int error = refusal_in({buffer.data(), static_cast<std::size_t>(got)});
    if (refused == 0) refused = error;
  }
  if (refused != 0) return fail_errno(refused, "the kernel refused it");
  return {};
}

Result<void> Nfnetlink::dump(nlmsghdr& request, const Handler& handler) {
  return ask(request, NLM_F_DUMP, handler);
}

Result<std::uint32_t> Nfnetlink::generation() {
  std::array<char, MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(nfgenmsg))> space{};
  nlmsghdr* request = mnl_nlmsg_put_header(space.data());
  request->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
  mnl_nlmsg_put_extra_header(request, sizeof(nfgenmsg));
  std::uint32_t number = 0;
  const auto asked = ask(*request, NLM_F_ACK, [&](const nlmsghdr& answer) {
    const auto found = attributes(answer, sizeof(nfgenmsg), NFTA_GEN_ID);
    const auto bytes = payload(found[NFTA_GEN_ID]);
    if (bytes.size() == sizeof number) std::memcpy(&number, bytes.data(), sizeof number);
  });
  if (!asked) return tl::make_unexpected(asked.error());
  return number;
}

Result<void> Nfnetlink::ask(nlmsghdr& request, std::uint16_t flags, const Handler& handler) {
  request.nlmsg_flags = NLM_F_REQUEST | flags;
  request.nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), &request, request.nlmsg_len) < 0)
    return fail_errno(errno, "cannot ask the kernel for what it has");
  std::vector<char> buffer(receive_size);
  bool interrupted = false;
  for (;;) {
    const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "cannot read what the kernel has");
    auto left = static_cast<int>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence_) continue;
      interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (message->nlmsg_type == NLMSG_ERROR) {
        const int refused = refusal_in({buffer.data(), static_cast<std::size_t>(got)});
        if (refused == 0) return {};  // the answer is complete
        return fail_errno(refused, "the kernel refused to list what it has");
      }
      if (message->nlmsg_type == NLMSG_DONE) {
        if (interrupted) return fail_errno(EINTR, "what the kernel has changed meanwhile");
        return {};
      }
      handler(*message);
    }
  }
}

Result<Nfnetlink> Nfnetlink::watch_tables() {
  auto watch = open();
  if (!watch) return watch;
  if (auto filtered = take_generations_only(watch->descriptor()); !filtered)
    return tl::make_unexpected(filtered.error());
  int group = NFNLGRP_NFTABLES;
  if (mnl_socket_setsockopt(watch->socket_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) !=
      0)
    return fail_errno(errno, "cannot subscribe to changes of nf_tables");
  return watch;
}

bool Nfnetlink::changed_by_others(std::uint32_t own) {
  bool changed = false;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::recv(descriptor(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ENOBUFS) {
      changed = true;
      continue;
    }
    if (got <= 0) return changed;
    auto left = static_cast<int>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left))
      changed |= message->nlmsg_pid != own;
  }
}

}  // namespace holdfast::netlink
