#include "vrrp/linux/announcer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <vector>

namespace holdfast::vrrp {
namespace {

/// Any value but 0 is a router, and so is a host that does not say (keepalived).
bool forwards(const std::string& interface) {
  const std::string path = "/proc/sys/net/ipv6/conf/" + interface + "/forwarding";
  const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  char value = '1';
  return !file || ::read(file.get(), &value, 1) != 1 || value != '0';
}

sockaddr_ll destination_of(const Announcer::Frame& frame) {
  const bool v4 = frame.address.is_v4();
  sockaddr_ll destination{};
  destination.sll_family = AF_PACKET;
  destination.sll_protocol = htons(v4 ? ETH_P_ARP : ETH_P_IPV6);
  destination.sll_ifindex = static_cast<int>(frame.interface);
  destination.sll_halen = ETH_ALEN;
  std::ranges::copy(v4 ? broadcast_mac : all_nodes_mac, destination.sll_addr);
  return destination;
}

}  // namespace

Result<Announcer> Announcer::open() {
  Fd socket{::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket)
    return fail_errno(errno, "cannot open a packet socket for announcements (CAP_NET_RAW)");
  return Announcer{std::move(socket)};
}

std::size_t Announcer::send(std::span<const Frame> frames) {
  std::vector<std::vector<std::byte>> packets;
  std::vector<sockaddr_ll> destinations;
  std::map<std::uint32_t, bool> routers;  // the setting is read once for each interface
  for (const Frame& frame : frames) {
    if (frame.address.is_v4()) {
      packets.push_back(gratuitous_arp(frame.source, frame.address));
    } else {
      const auto [router, is_new] = routers.try_emplace(frame.interface);
      if (is_new) router->second = forwards(frame.interface_name);
      packets.push_back(unsolicited_advertisement(frame.source, frame.address, router->second));
    }
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
