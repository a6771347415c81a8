#include "vrrp/linux/advert_socket.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "vrrp/linux/ip_packet.h"

namespace holdfast::vrrp {
namespace {

/// The largest advert: IP header with options, 255 IPv4 addresses, authentication.
constexpr std::size_t packet_size = 2048;
constexpr std::size_t packets_at_once = 32;
/// @source keepalived and RFC 791: internetwork control
constexpr int type_of_service = IPTOS_PREC_INTERNETCONTROL;
/// @source linux/pkt_sched.h TC_PRIO_CONTROL is 7; 6 is the highest without CAP_NET_ADMIN
constexpr int socket_priority = 6;

template <typename Value>
bool set_option(const Fd& socket, int level, int option, const Value& value) {
  return ::setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
}

Result<Fd> bound_socket(const std::string& interface) {
  Fd socket{::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol_number)};
  if (!socket) return fail_errno(errno, "cannot open a VRRP socket (CAP_NET_RAW)");
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                   static_cast<socklen_t>(interface.size() + 1)) != 0)
    return fail_errno(errno, "cannot bind a VRRP socket to {}", interface);
  return socket;
}

Result<Fd> sending_socket(const std::string& interface) {
  auto socket = bound_socket(interface);
  if (!socket) return socket;
  const bool set = set_option(*socket, IPPROTO_IP, IP_MULTICAST_TTL, int{required_ttl}) &&
                   set_option(*socket, IPPROTO_IP, IP_TTL, int{required_ttl}) &&
                   set_option(*socket, IPPROTO_IP, IP_TOS, type_of_service) &&
                   set_option(*socket, IPPROTO_IP, IP_MULTICAST_LOOP, 0) &&
                   // mcast_src_ip need not be an address of this host.
                   set_option(*socket, IPPROTO_IP, IP_TRANSPARENT, 1) &&
                   set_option(*socket, SOL_SOCKET, SO_PRIORITY, socket_priority);
  if (!set) return fail_errno(errno, "cannot set up the VRRP send socket on {}", interface);
  // It never receives: whatever the kernel would queue for it is dropped at once.
  constexpr std::array<sock_filter, 1> drop{{BPF_STMT(BPF_RET | BPF_K, 0)}};
  const sock_fprog program{drop.size(), const_cast<sock_filter*>(drop.data())};
  if (!set_option(*socket, SOL_SOCKET, SO_ATTACH_FILTER, program))
    return fail_errno(errno, "cannot set up the VRRP send socket on {}", interface);
  return socket;
}

}  // namespace

Result<AdvertSocket> AdvertSocket::open(const std::string& interface, std::uint32_t index,
                                        const IpAddress& group) {
  auto receive = bound_socket(interface);
  if (!receive) return tl::make_unexpected(receive.error());
  ip_mreqn membership{};
  membership.imr_multiaddr.s_addr = htonl(group.host_order());
  membership.imr_ifindex = static_cast<int>(index);
  if (!set_option(*receive, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership))
    return fail_errno(errno, "cannot join {} on {}", group.to_string(), interface);
  // Only groups that this socket joined, whatever others on this host joined.
  set_option(*receive, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  auto sender = sending_socket(interface);
  if (!sender) return tl::make_unexpected(sender.error());
  return AdvertSocket{std::move(*receive), std::move(*sender), index, group};
}

Result<void> AdvertSocket::accept(const std::set<std::uint8_t>& vrids, bool everything) {
  std::vector<sock_filter> program;
  // X = length of the IP header; A = the VRID, the second byte behind it (RFC 9568 5.2.3).
  program.push_back(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0));
  program.push_back(BPF_STMT(BPF_LD | BPF_B | BPF_IND, 1));
  for (const std::uint8_t vrid : vrids) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, vrid, 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, 0xffff));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, everything ? 0xffffU : 0U));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (!set_option(receive_, SOL_SOCKET, SO_ATTACH_FILTER, filter))
    return fail_errno(errno, "cannot filter adverts by VRID");
  return {};
}

void AdvertSocket::drain(const Handler& handler, std::size_t most) {
  static thread_local std::array<std::array<std::byte, packet_size>, packets_at_once> buffers;
  std::array<iovec, packets_at_once> parts{};
  std::array<mmsghdr, packets_at_once> messages{};
  for (std::size_t i = 0; i < packets_at_once; ++i) {
    parts[i] = {buffers[i].data(), packet_size};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  // A flood must not keep us here: what is left makes the socket readable again.
  for (std::size_t taken = 0; taken < most; taken += packets_at_once) {
    const int got =
        ::recvmmsg(receive_.get(), messages.data(), packets_at_once, MSG_DONTWAIT, nullptr);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      if (const auto packet = split_ip_packet(std::span{buffers[i]}.first(messages[i].msg_len)))
        handler(packet->message, packet->arrival);
    }
    if (got < static_cast<int>(packets_at_once)) return;
  }
}

Result<void> AdvertSocket::send(Bytes message, const IpAddress& source) {
  sockaddr_in destination{};
  destination.sin_family = AF_INET;
  destination.sin_addr.s_addr = htonl(group_.host_order());
  iovec part{const_cast<std::byte*>(message.data()), message.size()};
  union {
    std::array<char, CMSG_SPACE(sizeof(in_pktinfo))> bytes;
    cmsghdr align;
  } control{};
  msghdr header{};
  header.msg_name = &destination;
  header.msg_namelen = sizeof destination;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  cmsghdr* info = CMSG_FIRSTHDR(&header);
  info->cmsg_level = IPPROTO_IP;
  info->cmsg_type = IP_PKTINFO;
  info->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  in_pktinfo from{};
  from.ipi_ifindex = static_cast<int>(index_);
  from.ipi_spec_dst.s_addr = htonl(source.host_order());
  std::memcpy(CMSG_DATA(info), &from, sizeof from);
  // 5.1.1.2: link-local scope, never routed.
  while (::sendmsg(send_.get(), &header, MSG_DONTROUTE) < 0)
    if (errno != EINTR)
      return fail_errno(errno, "cannot send an advertisement from {}", source.to_string());
  return {};
}

}  // namespace holdfast::vrrp
