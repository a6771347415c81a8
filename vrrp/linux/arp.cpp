#include "vrrp/linux/arp.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace holdfast::vrrp {
namespace {

constexpr MacAddress broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
/// @source RFC 826: 8 bytes of header, then sender and target of 6 + 4 bytes each
constexpr std::size_t arp_size = 28;
using ArpPacket = std::array<std::uint8_t, arp_size>;

/// keepalived's form: a request whose target hardware address is broadcast.
ArpPacket gratuitous_request(const ArpSender::Frame& frame) {
  ArpPacket packet{0, ARPHRD_ETHER, ETH_P_IP >> 8, ETH_P_IP & 0xff, ETH_ALEN, 4, 0, ARPOP_REQUEST};
  auto out = packet.begin() + 8;
  const auto address = frame.address.bytes();
  const auto put_address = [&] {
    for (const std::byte byte : address) *out++ = std::to_integer<std::uint8_t>(byte);
  };
  out = std::ranges::copy(frame.source, out).out;
  put_address();
  out = std::ranges::copy(broadcast, out).out;
  put_address();
  return packet;
}

sockaddr_ll destination_of(const ArpSender::Frame& frame) {
  sockaddr_ll destination{};
  destination.sll_family = AF_PACKET;
  destination.sll_protocol = htons(ETH_P_ARP);
  destination.sll_ifindex = static_cast<int>(frame.interface);
  destination.sll_halen = ETH_ALEN;
  std::ranges::copy(broadcast, destination.sll_addr);
  return destination;
}

}  // namespace

Result<ArpSender> ArpSender::open() {
  Fd socket{::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket)
    return fail_errno(errno, "cannot open a packet socket for gratuitous ARP (CAP_NET_RAW)");
  return ArpSender{std::move(socket)};
}

std::size_t ArpSender::send(std::span<const Frame> frames) {
  std::vector<ArpPacket> packets;
  std::vector<sockaddr_ll> destinations;
  for (const Frame& frame : frames) {
    packets.push_back(gratuitous_request(frame));
    destinations.push_back(destination_of(frame));
  }
  std::vector<iovec> parts(frames.size());
  std::vector<mmsghdr> messages(frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    parts[i] = {packets[i].data(), packets[i].size()};
    messages[i].msg_hdr.msg_name = &destinations[i];
    messages[i].msg_hdr.msg_namelen = sizeof destinations[i];
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::size_t taken = 0;
  for (std::size_t at = 0; at < messages.size();) {
    const int sent = ::sendmmsg(socket_.get(), messages.data() + at,
                                static_cast<unsigned>(messages.size() - at), 0);
    if (sent < 0 && errno == EINTR) continue;
    if (sent > 0) taken += static_cast<std::size_t>(sent);
    at += sent > 0 ? static_cast<std::size_t>(sent) : 1;  // a refused frame does not hold the rest
  }
  return taken;
}

}  // namespace holdfast::vrrp
