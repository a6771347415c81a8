#include "vrrp/linux/advert_socket.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include "vrrp/core/ah.h"
#include "vrrp/core/flood.h"
#include "vrrp/linux/ip_packet.h"

namespace holdfast::vrrp {
namespace {

/// More than the MTU of Ethernet: an advert is never fragmented by us.
constexpr std::size_t packet_size = 4608;
constexpr std::size_t packets_at_once = 32;
/// @source keepalived and RFC 791: internetwork control; the traffic class of IPv6 is the same byte
constexpr int type_of_service = IPTOS_PREC_INTERNETCONTROL;
/// @source linux/pkt_sched.h TC_PRIO_CONTROL is 7; 6 is the highest without CAP_NET_ADMIN
constexpr int socket_priority = 6;

/// Room for the control messages of one packet: addresses and TTL of either family.
union Control {
  std::array<char, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int))> bytes;
  cmsghdr align;
};

template <typename Value>
bool set_option(const Fd& socket, int level, int option, const Value& value) {
  return ::setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
}

int domain_of(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

Result<Fd> bound_socket(const std::string& interface, Family family, Carrier carrier) {
  const int protocol = carrier == Carrier::plain ? protocol_number : ah_protocol;
  Fd socket{::socket(domain_of(family), SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol)};
  if (!socket) return fail_errno(errno, "cannot open a VRRP socket (CAP_NET_RAW)");
  if (!interface.empty() &&
      ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                   static_cast<socklen_t>(interface.size() + 1)) != 0)
    return fail_errno(errno, "cannot bind a VRRP socket to {}", interface);
  return socket;
}

bool prepare_sender(const Fd& socket, Family family) {
  // IP_TRANSPARENT: mcast_src_ip need not be an address of this host.
  if (family == Family::ipv4)
    return set_option(socket, IPPROTO_IP, IP_TOS, type_of_service) &&
           set_option(socket, IPPROTO_IP, IP_MULTICAST_LOOP, 0) &&
           set_option(socket, IPPROTO_IP, IP_TRANSPARENT, 1);
  return set_option(socket, IPPROTO_IPV6, IPV6_TCLASS, type_of_service) &&
         set_option(socket, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) &&
         set_option(socket, IPPROTO_IPV6, IPV6_TRANSPARENT, 1);
}

Result<Fd> sending_socket(const std::string& interface, Family family, Carrier carrier) {
  auto socket = bound_socket(interface, family, carrier);
  if (!socket) return socket;
  // It never receives: whatever the kernel would queue for it is dropped at once.
  constexpr std::array<sock_filter, 1> drop{{BPF_STMT(BPF_RET | BPF_K, 0)}};
  const sock_fprog program{drop.size(), const_cast<sock_filter*>(drop.data())};
  const bool has_header =
      carrier == Carrier::plain || set_option(*socket, IPPROTO_IP, IP_HDRINCL, 1);
  if (!has_header || !prepare_sender(*socket, family) ||
      !set_option(*socket, SOL_SOCKET, SO_PRIORITY, socket_priority) ||
      !set_option(*socket, SOL_SOCKET, SO_ATTACH_FILTER, program))
    return fail_errno(errno, "cannot set up the VRRP send socket on {}", interface);
  return socket;
}

/// Only groups that this socket joined, whatever others on this host joined. The kernel hands over
/// the IPv4 header; of IPv6 what we need of it is asked for.
Result<Fd> receiving_socket(const std::string& interface, Family family, Carrier carrier) {
  auto socket = bound_socket(interface, family, carrier);
  if (!socket) return socket;
  constexpr int ipv6_multicast_all = 29;  // linux/in6.h since 4.20
  if (family == Family::ipv4) {
    set_option(*socket, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    return socket;
  }
  set_option(*socket, IPPROTO_IPV6, ipv6_multicast_all, 0);
  if (!set_option(*socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) ||
      !set_option(*socket, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1))
    return fail_errno(errno, "cannot set up the VRRP receive socket on {}", interface);
  return socket;
}

in6_addr in6_of(const IpAddress& address) {
  in6_addr out{};
  std::memcpy(&out, address.bytes().data(), sizeof out);
  return out;
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress to_socket_address(const IpAddress& address, std::uint32_t scope) {
  SocketAddress out;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(address.host_order());
    out.size = sizeof v4;
    std::memcpy(&out.storage, &v4, sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6_of(address);
    v6.sin6_scope_id = address.is_link_local() || address.is_multicast() ? scope : 0;
    out.size = sizeof v6;
    std::memcpy(&out.storage, &v6, sizeof v6);
  }
  return out;
}

IpAddress from_socket_address(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    return IpAddress::v4(ntohl(v4.sin_addr.s_addr));
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &storage, sizeof v6);
  return *IpAddress::from_bytes(std::as_bytes(std::span{v6.sin6_addr.s6_addr}));
}

template <typename Value>
cmsghdr* put(cmsghdr* at, int level, int type, const Value& value) {
  at->cmsg_level = level;
  at->cmsg_type = type;
  at->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(at), &value, sizeof value);
  return reinterpret_cast<cmsghdr*>(reinterpret_cast<char*>(at) + CMSG_SPACE(sizeof value));
}

/// Drops frames of other senders. The source of a frame stands behind its destination.
void only_from(const MacAddress& mac, std::vector<sock_filter>& program) {
  constexpr std::uint32_t source_at = 6;
  const auto link_layer = [](std::uint32_t at) {
    return static_cast<std::uint32_t>(SKF_LL_OFF) + at;
  };
  const std::uint32_t front = (std::uint32_t{mac[0]} << 24) | (std::uint32_t{mac[1]} << 16) |
                              (std::uint32_t{mac[2]} << 8) | mac[3];
  const std::uint32_t back = (std::uint32_t{mac[4]} << 8) | mac[5];
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, link_layer(source_at)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, front, 0, 2));
  program.push_back(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, link_layer(source_at + 4)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, back, 1, 0));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
}

/// Drops most packets of unknown senders: of an address its last four bytes are compared.
void sample_unknown(const std::set<IpAddress>& known, Family family,
                    std::vector<sock_filter>& program) {
  const std::uint32_t source_at = family == Family::ipv4 ? 12 : 20;  // RFC 791 3.1, RFC 8200 3
  program.push_back(
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_NET_OFF) + source_at));
  constexpr std::uint8_t behind_the_sample = 4;
  auto left = static_cast<std::uint8_t>(known.size());
  for (const IpAddress& address : known) {
    --left;
    ByteReader last{address.bytes().last(4)};
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, last.u32(),
                               static_cast<std::uint8_t>(left + behind_the_sample), 0));
  }
  program.push_back(
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM)));
  program.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, FloodGuard::sample - 1));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
}

/// Source, outgoing interface and TTL of one packet. @return bytes used
std::size_t put_control(Control& control, const AdvertSocket::Target& target,
                        std::uint32_t interface) {
  cmsghdr* const first = &control.align;
  cmsghdr* next = first;
  if (target.source.is_v4()) {
    in_pktinfo from{};
    from.ipi_ifindex = static_cast<int>(interface);
    from.ipi_spec_dst.s_addr = htonl(target.source.host_order());
    next = put(put(first, IPPROTO_IP, IP_PKTINFO, from), IPPROTO_IP, IP_TTL, int{target.ttl});
  } else {
    in6_pktinfo from{};
    from.ipi6_ifindex = interface;
    from.ipi6_addr = in6_of(target.source);
    next = put(put(first, IPPROTO_IPV6, IPV6_PKTINFO, from), IPPROTO_IPV6, IPV6_HOPLIMIT,
               int{target.ttl});
  }
  return static_cast<std::size_t>(reinterpret_cast<char*>(next) - reinterpret_cast<char*>(first));
}

/// What the kernel says about an IPv6 packet.
Arrival ipv6_arrival(msghdr& header, const sockaddr_storage& sender) {
  Arrival arrival;
  arrival.source = from_socket_address(sender);
  for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
    if (at->cmsg_level != IPPROTO_IPV6) continue;
    if (at->cmsg_type == IPV6_HOPLIMIT) {
      int limit = 0;
      std::memcpy(&limit, CMSG_DATA(at), sizeof limit);
      arrival.ttl = static_cast<std::uint8_t>(limit);
    } else if (at->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo to{};
      std::memcpy(&to, CMSG_DATA(at), sizeof to);
      arrival.destination = *IpAddress::from_bytes(std::as_bytes(std::span{to.ipi6_addr.s6_addr}));
    }
  }
  return arrival;
}

}  // namespace

Result<AdvertSocket> AdvertSocket::open(const std::string& interface, std::uint32_t index,
                                        Family family, Carrier carrier) {
  auto receive = receiving_socket(interface, family, carrier);
  if (!receive) return tl::make_unexpected(receive.error());
  auto sender = sending_socket(interface, family, carrier);
  if (!sender) return tl::make_unexpected(sender.error());
  return AdvertSocket{std::move(*receive), std::move(*sender), index, family, carrier};
}

Result<void> AdvertSocket::change_membership(const IpAddress& group, bool join) {
  bool done = false;
  if (family_ == Family::ipv4) {
    ip_mreqn membership{};
    membership.imr_multiaddr.s_addr = htonl(group.host_order());
    membership.imr_ifindex = static_cast<int>(index_);
    done =
        set_option(receive_, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, membership);
  } else {
    const ipv6_mreq membership{in6_of(group), index_};
    done =
        set_option(receive_, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, membership);
  }
  if (!done)
    return fail_errno(errno, "cannot {} {} on interface {}", join ? "join" : "leave",
                      group.to_string(), index_);
  return {};
}

Result<void> AdvertSocket::join(const std::set<IpAddress>& groups) {
  for (const IpAddress& group : groups)
    if (!groups_.contains(group)) {
      if (auto joined = change_membership(group, true); !joined) return joined;
      groups_.insert(group);
    }
  std::erase_if(groups_, [&](const IpAddress& group) {
    return !groups.contains(group) && change_membership(group, false);
  });
  return {};
}

Result<void> AdvertSocket::accept(const Filter& filter) {
  std::vector<sock_filter> program;
  if (filter.from) only_from(*filter.from, program);
  if (filter.known) sample_unknown(*filter.known, family_, program);
  // A = the VRID, the second byte of the message (RFC 9568 5.2.3). X = length of the IPv4 header;
  // of an IPv6 packet the kernel hands over the message only.
  if (family_ == Family::ipv4) {
    program.push_back(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0));
    const std::uint32_t message_at = carrier_ == Carrier::plain ? 0 : ah_size;
    program.push_back(BPF_STMT(BPF_LD | BPF_B | BPF_IND, message_at + 1));
  } else {
    program.push_back(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 1));
  }
  for (const std::uint8_t vrid : filter.vrids) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, vrid, 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, 0xffff));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, filter.everything ? 0xffffU : 0U));
  const sock_fprog code{static_cast<unsigned short>(program.size()), program.data()};
  if (!set_option(receive_, SOL_SOCKET, SO_ATTACH_FILTER, code))
    return fail_errno(errno, "cannot filter adverts by VRID");
  return {};
}

void AdvertSocket::set_receive_buffer(std::uint32_t bytes) {
  const int size = static_cast<int>(std::min<std::uint32_t>(bytes, INT_MAX));
  if (!set_option(receive_, SOL_SOCKET, SO_RCVBUFFORCE, size))
    set_option(receive_, SOL_SOCKET, SO_RCVBUF, size);
}

void AdvertSocket::drain(const Handler& handler, std::size_t most) {
  static thread_local std::array<std::array<std::byte, packet_size>, packets_at_once> buffers;
  std::array<iovec, packets_at_once> parts{};
  std::array<Control, packets_at_once> controls{};
  std::array<sockaddr_storage, packets_at_once> senders{};
  std::array<mmsghdr, packets_at_once> messages{};
  // A flood must not keep us here: what is left makes the socket readable again.
  for (std::size_t taken = 0; taken < most; taken += packets_at_once) {
    for (std::size_t i = 0; i < packets_at_once; ++i) {
      parts[i] = {buffers[i].data(), packet_size};
      msghdr& header = messages[i].msg_hdr;
      header.msg_iov = &parts[i];
      header.msg_iovlen = 1;
      header.msg_name = &senders[i];
      header.msg_namelen = sizeof senders[i];
      header.msg_control = controls[i].bytes.data();
      header.msg_controllen = controls[i].bytes.size();
    }
    const int got =
        ::recvmmsg(receive_.get(), messages.data(), packets_at_once, MSG_DONTWAIT, nullptr);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      const Bytes bytes = std::span{buffers[i]}.first(messages[i].msg_len);
      if (family_ == Family::ipv6)
        handler(bytes, ipv6_arrival(messages[i].msg_hdr, senders[i]));
      else if (auto packet = split_ip_packet(bytes)) {
        packet->arrival.authenticated = carrier_ == Carrier::authentication;
        handler(packet->message, packet->arrival);
      }
    }
    if (got < static_cast<int>(packets_at_once)) return;
  }
}

Result<void> AdvertSocket::send(Bytes message, const Target& target) {
  SocketAddress to = to_socket_address(target.destination, index_);
  iovec part{const_cast<std::byte*>(message.data()), message.size()};
  Control control{};
  msghdr header{};
  header.msg_name = &to.storage;
  header.msg_namelen = to.size;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = put_control(control, target, index_);
  // 5.1.1.2: the groups have link-local scope and are never routed.
  const int flags = target.destination.is_multicast() ? MSG_DONTROUTE : 0;
  while (::sendmsg(send_.get(), &header, flags) < 0)
    if (errno != EINTR)
      return fail_errno(errno, "cannot send an advertisement from {} to {}",
                        target.source.to_string(), target.destination.to_string());
  return {};
}

}  // namespace holdfast::vrrp
