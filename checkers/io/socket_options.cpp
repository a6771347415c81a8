#include "checkers/io/socket_options.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace holdfast::checkers {

SocketAddress::SocketAddress(const IpAddress& address, std::uint16_t port) {
  const auto bytes = address.bytes();
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&storage_, &v4, size_ = sizeof v4);
    return;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  std::memcpy(&storage_, &v6, size_ = sizeof v6);
}

std::optional<Verdict> apply_options(int socket, const Endpoint& endpoint, bool with_port) {
  if (!endpoint.bind_if.empty() &&
      ::setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, endpoint.bind_if.c_str(),
                   static_cast<socklen_t>(endpoint.bind_if.size() + 1)) != 0)
    return Verdict::not_run("cannot bind to {}: {}", endpoint.bind_if, ::strerrordesc_np(errno));
  if (endpoint.fwmark) {
    const auto mark = *endpoint.fwmark;
    if (::setsockopt(socket, SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0)
      return Verdict::not_run("cannot set fwmark {}: {}", mark, ::strerrordesc_np(errno));
  }
  const std::optional<IpAddress>& source = endpoint.bindto ? endpoint.bindto : endpoint.source;
  const int on = 1;
  // The port is chosen with the connection: IPVS knows the servers of probes by it.
  if (endpoint.path && !endpoint.bind_port)
    ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (!source && !endpoint.bind_port) return std::nullopt;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool v6 = endpoint.connect_ip && endpoint.connect_ip->is_v6();
  const IpAddress any = v6 ? *IpAddress::parse("::") : IpAddress{};
  const IpAddress local = source.value_or(any);
  const SocketAddress bound{local, with_port ? endpoint.bind_port.value_or(0) : std::uint16_t{0}};
  if (::bind(socket, bound.get(), bound.size()) != 0)
    return Verdict::not_run("cannot bind to {}: {}", local.to_string(), ::strerrordesc_np(errno));
  return std::nullopt;
}

void reset_at_close(int socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Verdict failure(const char* what, const boost::system::error_code& error) {
  switch (error.value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EPERM:
    case EACCES:
      return Verdict::not_run("{}: {}", what, error.message());
    default:
      return Verdict::failed("{}: {}", what, error.message());
  }
}

}  // namespace holdfast::checkers
