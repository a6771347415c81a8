#include "daemon/netlink/monitor.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "daemon/base/assert.h"

namespace holdfast::netlink {
namespace {

struct CloseSocket {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};

/// A burst of thousands of addresses fits; beyond it the kernel says ENOBUFS and we dump again.
constexpr int receive_buffer = 4 << 20;
constexpr std::size_t largest_message = 64 * 1024;
/// @source linux/netlink.h NLMSG_GOODSIZE is at most 8 KiB; a link with many virtual functions has
/// more
constexpr std::size_t largest_notification = 32 * 1024;
constexpr std::size_t messages_at_once = 32;

int hand_over(const nlmsghdr* message, void* handler) {
  (*static_cast<const Monitor::Handler*>(handler))(*message);
  return MNL_CB_OK;
}

}  // namespace

struct Monitor::Impl {
  std::unique_ptr<mnl_socket, CloseSocket> socket;
  std::uint32_t sequence = 0;
  std::vector<char> buffer = std::vector<char>(largest_message);  ///< of a dump
  /// Not initialised: memory that is never needed is never there.
  std::unique_ptr<char[]> notifications =
      std::make_unique_for_overwrite<char[]>(messages_at_once * largest_notification);
};

Monitor::Monitor(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;
Monitor::~Monitor() = default;

Result<Monitor> Monitor::open(std::span<const unsigned> groups) {
  auto impl = std::make_unique<Impl>();
  impl->socket.reset(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!impl->socket) return fail_errno(errno, "cannot open the netlink monitor");
  if (mnl_socket_bind(impl->socket.get(), 0, MNL_SOCKET_AUTOPID) != 0)
    return fail_errno(errno, "cannot bind the netlink monitor");
  const int fd = mnl_socket_get_fd(impl->socket.get());
  // Beyond net.core.rmem_max only with CAP_NET_ADMIN; without it the smaller buffer does as well.
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) != 0)
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  for (unsigned group : groups)
    if (mnl_socket_setsockopt(impl->socket.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) !=
        0)
      return fail_errno(errno, "cannot subscribe to kernel notifications (group {})", group);
  return Monitor{std::move(impl)};
}

Result<void> Monitor::dump(std::uint16_t type, std::uint8_t family, const Handler& handler) {
  ifinfomsg header{};  // the largest of those that begin with the family
  header.ifi_family = family;
  return dump(type, std::as_bytes(std::span{&header, 1}), handler);
}

void Monitor::filter_dumps() {
  const int on = 1;
  ::setsockopt(descriptor(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
}

Result<void> Monitor::dump(std::uint16_t type, std::span<const std::byte> header,
                           const Handler& handler) {
  constexpr std::size_t largest_header = 64;
  BASE_ASSERT(header.size() <= largest_header);
  std::array<char, 256> space{};
  nlmsghdr* request = mnl_nlmsg_put_header(space.data());
  request->nlmsg_type = type;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request->nlmsg_seq = ++impl_->sequence;
  std::memcpy(mnl_nlmsg_put_extra_header(request, header.size()), header.data(), header.size());
  if (mnl_socket_sendto(impl_->socket.get(), request, request->nlmsg_len) < 0)
    return fail_errno(errno, "cannot ask the kernel for what it has");
  int interrupted = 0;
  for (;;) {
    const ssize_t got =
        mnl_socket_recvfrom(impl_->socket.get(), impl_->buffer.data(), impl_->buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ENOBUFS) {  // a notification was lost; the dump itself goes on
      interrupted = ENOBUFS;
      continue;
    }
    if (got < 0) return fail_errno(errno, "cannot read what the kernel has");
    auto left = static_cast<int>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(impl_->buffer.data());
         mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      const bool ours = message->nlmsg_seq == impl_->sequence;
      if (ours && (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = EINTR;
      if (ours && message->nlmsg_type == NLMSG_DONE) {
        if (interrupted == 0) return {};
        return fail_errno(interrupted, "what the kernel has changed while it was listed");
      }
      if (ours && message->nlmsg_type == NLMSG_ERROR)
        return fail("the kernel refused to list what it has");
      if (message->nlmsg_type >= NLMSG_MIN_TYPE) handler(*message);
    }
  }
}

Result<void> Monitor::read(const Handler& handler) {
  const int fd = mnl_socket_get_fd(impl_->socket.get());
  // A notification is a datagram of its own: thousands of addresses are thousands of them.
  std::array<iovec, messages_at_once> parts{};
  std::array<mmsghdr, messages_at_once> messages{};
  for (;;) {
    for (std::size_t i = 0; i < messages_at_once; ++i) {
      parts[i] = {impl_->notifications.get() + i * largest_notification, largest_notification};
      messages[i].msg_hdr = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int got = ::recvmmsg(fd, messages.data(), messages_at_once, MSG_DONTWAIT, nullptr);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
    if (got < 0) return fail_errno(errno, "kernel notifications were lost");
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i)
      mnl_cb_run(parts[i].iov_base, messages[i].msg_len, 0, 0, hand_over,
                 const_cast<Handler*>(&handler));
    if (got < static_cast<int>(messages_at_once)) return {};
  }
}

int Monitor::descriptor() const { return mnl_socket_get_fd(impl_->socket.get()); }

/// The attributes between two places.
static std::vector<const nlattr*> attributes_of(const char* begin, const char* end,
                                                std::uint16_t highest) {
  std::vector<const nlattr*> table(highest + 1U, nullptr);
  const auto* attribute = reinterpret_cast<const nlattr*>(begin);
  while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
    const std::uint16_t type = mnl_attr_get_type(attribute);
    if (type <= highest) table[type] = attribute;
    attribute = mnl_attr_next(attribute);
  }
  return table;
}

std::vector<const nlattr*> attributes(const nlmsghdr& message, std::size_t header_size,
                                      std::uint16_t highest) {
  if (message.nlmsg_len < MNL_NLMSG_HDRLEN + MNL_ALIGN(header_size))
    return attributes_of(nullptr, nullptr, highest);
  return attributes_of(
      static_cast<const char*>(mnl_nlmsg_get_payload_offset(&message, header_size)),
      static_cast<const char*>(mnl_nlmsg_get_payload_tail(&message)), highest);
}

std::vector<const nlattr*> attributes_in(const nlattr* attribute, std::uint16_t highest) {
  const auto bytes = payload(attribute);
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  return attributes_of(begin, begin + bytes.size(), highest);
}

std::span<const std::byte> payload(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  return {static_cast<const std::byte*>(mnl_attr_get_payload(attribute)),
          mnl_attr_get_payload_len(attribute)};
}

}  // namespace holdfast::netlink
