#include "daemon/netlink/route_lookup.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "daemon/base/fd.h"
#include "daemon/base/free_with.h"
#include "daemon/netlink/monitor.h"

namespace holdfast::netlink {
namespace {

using Space = std::array<char, 8192>;

void put_request(Space& space, const IpAddress& address) {
  nlmsghdr* request = mnl_nlmsg_put_header(space.data());
  request->nlmsg_type = RTM_GETROUTE;
  request->nlmsg_flags = NLM_F_REQUEST;
  auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(rtmsg)));
  route->rtm_family = address.is_v4() ? AF_INET : AF_INET6;
  route->rtm_dst_len = address.bits();
  // The route as it is in the table: what it means for a packet would say `lo` of our addresses.
  route->rtm_flags = RTM_F_FIB_MATCH;
  mnl_attr_put(request, RTA_DST, address.bytes().size(), address.bytes().data());
}

FoundRoute read_route(const nlmsghdr& message) {
  rtmsg header{};
  std::memcpy(&header, mnl_nlmsg_get_payload(&message), sizeof header);
  FoundRoute found{{}, header.rtm_type == RTN_LOCAL};
  const auto index = payload(attributes(message, sizeof(rtmsg), RTA_MAX)[RTA_OIF]);
  if (index.size() != sizeof(unsigned)) return found;
  unsigned number = 0;
  std::memcpy(&number, index.data(), sizeof number);
  std::array<char, IF_NAMESIZE> name{};
  if (::if_indextoname(number, name.data()) != nullptr) found.interface = name.data();
  return found;
}

}  // namespace

Result<FoundRoute> route_to(const IpAddress& address) {
  const std::unique_ptr<mnl_socket, FreeWith<mnl_socket_close>> socket{
      mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC)};
  const auto failed = [&](int code) {
    return fail_errno(code, "cannot ask for the route to {}", address.to_string());
  };
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) return failed(errno);
  alignas(nlmsghdr) Space space{};
  put_request(space, address);
  const auto* message = reinterpret_cast<const nlmsghdr*>(space.data());
  if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0) return failed(errno);
  const ssize_t size = mnl_socket_recvfrom(socket.get(), space.data(), space.size());
  if (size < 0) return failed(errno);
  if (!mnl_nlmsg_ok(message, static_cast<int>(size))) return failed(EPROTO);
  if (message->nlmsg_type == NLMSG_ERROR) {
    nlmsgerr error{};
    if (mnl_nlmsg_get_payload_len(message) < sizeof error) return failed(EPROTO);
    std::memcpy(&error, mnl_nlmsg_get_payload(message), sizeof error);
    return failed(-error.error);
  }
  if (mnl_nlmsg_get_payload_len(message) < sizeof(rtmsg)) return failed(EPROTO);
  return read_route(*message);
}

Result<IpAddress> source_towards(const IpAddress& destination) {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } address{.v6 = {}};
  const bool is_v4 = destination.is_v4();
  address.any.sa_family = is_v4 ? AF_INET : AF_INET6;
  void* const place =
      is_v4 ? static_cast<void*>(&address.v4.sin_addr) : static_cast<void*>(&address.v6.sin6_addr);
  std::memcpy(place, destination.bytes().data(), destination.bytes().size());
  socklen_t size = is_v4 ? sizeof address.v4 : sizeof address.v6;
  const Fd socket{::socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  // connect() of a datagram socket sends nothing: it looks up the route.
  if (!socket || ::connect(socket.get(), &address.any, size) != 0 ||
      ::getsockname(socket.get(), &address.any, &size) != 0)
    return fail_errno(errno, "no way to {}", destination.to_string());
  return *IpAddress::from_bytes({static_cast<const std::byte*>(place), destination.bytes().size()});
}

}  // namespace holdfast::netlink
