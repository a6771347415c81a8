// PING_CHECK: one ICMP echo request, and the reply that carries our id, sequence and address.
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/this_coro.hpp>

#include "checkers/core/echo.h"
#include "checkers/io/probe.h"
#include "checkers/io/socket.h"
#include "checkers/io/socket_options.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

/// Echo replies only; the kernel drops the rest of the host's ICMP for this socket.
void filter_replies(int socket, bool v6) {
  if (v6) {
    icmp6_filter filter{};
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    ::setsockopt(socket, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
  } else {
    const std::uint32_t blocked = ~(1U << ICMP_ECHOREPLY);
    constexpr int icmp_filter_option = 1;  // @source linux/icmp.h ICMP_FILTER
    ::setsockopt(socket, SOL_RAW, icmp_filter_option, &blocked, sizeof blocked);
  }
}

/// Reads until the reply to this request comes; other replies of the host pass by.
asio::awaitable<boost::system::error_code> await_reply(Socket& socket, Echo echo, bool v6) {
  std::array<std::byte, 2048> buffer{};
  for (;;) {
    const auto [size, error] = co_await socket.receive_datagram(buffer);
    if (error) co_return error;
    const Bytes packet = std::span{buffer}.first(size);
    if (answers(echo, v6 ? packet : without_ip_header(packet), v6)) co_return error;
  }
}

}  // namespace

asio::awaitable<Verdict> ping_probe(ProbeTask task) {
  const auto executor = co_await asio::this_coro::executor;
  const Endpoint& endpoint = task.check.endpoint;
  const bool v6 = endpoint.connect_ip->is_v6();
  Socket socket{executor};
  const int protocol = v6 ? int{IPPROTO_ICMPV6} : int{IPPROTO_ICMP};
  if (auto refused = socket.open(endpoint, SOCK_RAW, protocol, false)) {
    if (socket.native_handle() >= 0) co_return *refused;
    co_return Verdict::not_run("{} (ICMP needs CAP_NET_RAW)", refused->reason);
  }
  filter_replies(socket.native_handle(), v6);
  if (const auto error = co_await socket.connect(endpoint)) co_return failure("ping", error);
  Limit limit{socket, PollSet::of(executor)};
  limit.start(task.check.final_timing.connect_timeout);
  const Echo echo{static_cast<std::uint16_t>(::getpid()), task.sequence};
  const std::vector<std::byte> request = echo_request(echo, v6);
  const auto* const bytes = reinterpret_cast<const char*>(request.data());
  auto error = co_await socket.send({bytes, request.size()});
  if (!error) error = co_await await_reply(socket, echo, v6);
  if (limit.is_over())
    co_return Verdict::failed("no echo reply after {} s",
                              in_seconds(task.check.final_timing.connect_timeout));
  if (error) co_return failure("ping", error);
  co_return Verdict::passed();
}

}  // namespace holdfast::checkers
