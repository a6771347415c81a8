#include "vrrp/linux/neighbour_listener.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "vrrp/core/conflict.h"

namespace holdfast::vrrp {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_at_once = 64;
/// 3200 a second at most; the first one is heard at once.
constexpr auto pause_between_reads = std::chrono::milliseconds{20};
constexpr std::size_t largest_message = 256;
/// Each is three instructions of the filter.
constexpr std::size_t most_ranges = 64;
/// Of the sender's address in an ARP message, and of the last four bytes of the target in an
/// advertisement behind the ICMPv6 header. @source RFC 826; RFC 4861 4.4
constexpr std::uint32_t arp_sender_at = 14, target_tail_at = 20;
constexpr std::uint8_t hop_limit = 255;  // RFC 4861 7.1.2: not forwarded

Result<Fd> open_socket(Family family) {
  const bool v4 = family == Family::ipv4;
  constexpr int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  Fd socket{v4 ? ::socket(AF_PACKET, SOCK_DGRAM | flags, htons(ETH_P_ARP))
               : ::socket(AF_INET6, SOCK_RAW | flags, IPPROTO_ICMPV6)};
  if (!socket) return fail_errno(errno, "cannot listen for other users of our addresses");
  if (v4) return socket;
  icmp6_filter only{};
  ICMP6_FILTER_SETBLOCKALL(&only);
  ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &only);
  const int on = 1;
  if (::setsockopt(socket.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof only) != 0 ||
      ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) != 0 ||
      ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on) != 0)
    return fail_errno(errno, "cannot listen for neighbour advertisements");
  return socket;
}

/// The last four bytes: they tell addresses of one network apart.
std::uint32_t tail_of(const IpAddress& address) {
  std::uint32_t tail = 0;
  std::memcpy(&tail, address.bytes().last(sizeof tail).data(), sizeof tail);
  return ntohl(tail);
}

bool set_filter(const Fd& socket, std::uint32_t at, const std::vector<NumberRange>& ranges) {
  constexpr std::uint32_t whole = 0xffff;
  std::vector<sock_filter> program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)};
  for (const auto& [first, last] : ranges) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, whole));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

/// The interface of a neighbour advertisement; nothing for one that was forwarded.
std::optional<std::uint32_t> interface_of(msghdr& header) {
  std::optional<std::uint32_t> interface;
  bool direct = false;
  for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
    if (at->cmsg_level != IPPROTO_IPV6) continue;
    if (at->cmsg_type == IPV6_HOPLIMIT) {
      int limit = 0;
      std::memcpy(&limit, CMSG_DATA(at), sizeof limit);
      direct = limit == hop_limit;
    } else if (at->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo to{};
      std::memcpy(&to, CMSG_DATA(at), sizeof to);
      interface = to.ipi6_ifindex;
    }
  }
  return direct ? interface : std::nullopt;
}

}  // namespace

NeighbourListener::NeighbourListener(asio::io_context& context, Handler handler)
    : context_{context}, handler_{std::move(handler)} {}

Result<void> NeighbourListener::listen(const std::set<IpAddress>& addresses) {
  const auto first = listen(arp_, Family::ipv4, addresses);
  const auto second = listen(advertisements_, Family::ipv6, addresses);
  return first ? second : first;
}

Result<void> NeighbourListener::listen(std::shared_ptr<Ear>& ear, Family family,
                                       const std::set<IpAddress>& addresses) {
  std::vector<std::uint32_t> tails;
  for (const IpAddress& address : addresses)
    if (address.family() == family) tails.push_back(tail_of(address));
  if (tails.empty()) {
    if (ear) ear->readable.cancel();
    ear.reset();
    return {};
  }
  const bool is_new = ear == nullptr;
  if (is_new) {
    auto socket = open_socket(family);
    if (!socket) return tl::make_unexpected(socket.error());
    ear = std::make_shared<Ear>(context_, std::move(*socket), family);
  }
  const std::uint32_t at = family == Family::ipv4 ? arp_sender_at : target_tail_at;
  if (!set_filter(ear->fd, at, cover(std::move(tails), most_ranges)))
    return fail_errno(errno, "cannot filter who else uses our addresses");
  if (is_new) wait(ear);
  return {};
}

void NeighbourListener::wait(const std::shared_ptr<Ear>& ear) {
  const std::weak_ptr<Ear> weak = ear;
  ear->readable.async_wait(
      asio::posix::stream_descriptor::wait_read, [this, weak](const boost::system::error_code& e) {
        const auto ready = weak.lock();
        if (e || !ready) return;
        if (const auto heard = read(*ready); !heard.empty()) handler_(heard);
        ready->pause.expires_after(pause_between_reads);
        ready->pause.async_wait([this, weak](const boost::system::error_code& cancelled) {
          if (const auto next = weak.lock(); next && !cancelled) wait(next);
        });
      });
}

std::vector<NeighbourListener::Heard> NeighbourListener::read(Ear& ear) {
  std::vector<Heard> heard;
  std::array<std::byte, largest_message> buffer{};
  std::array<char, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int))> control{};
  for (std::size_t taken = 0; taken < most_at_once; ++taken) {
    sockaddr_storage from{};
    iovec part{buffer.data(), buffer.size()};
    msghdr header{};
    header.msg_name = &from;
    header.msg_namelen = sizeof from;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(ear.fd.get(), &header, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    const Bytes message = Bytes{buffer}.first(static_cast<std::size_t>(got));
    if (ear.family == Family::ipv4) {
      sockaddr_ll sender{};
      std::memcpy(&sender, &from, sizeof sender);
      if (const auto claim = claim_in_arp(message))
        heard.push_back({static_cast<std::uint32_t>(sender.sll_ifindex), *claim});
    } else if (const auto claim = claim_in_advertisement(message)) {
      if (const auto interface = interface_of(header)) heard.push_back({*interface, *claim});
    }
  }
  return heard;
}

}  // namespace holdfast::vrrp
