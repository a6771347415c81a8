// PING_CHECK: one ICMP echo request, and the reply that carries our id, sequence and address.
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/icmp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "checkers/core/echo.h"
#include "checkers/io/probe.h"
#include "checkers/io/socket_options.h"

namespace holdfast::checkers {

namespace asio = boost::asio;
using asio::ip::icmp;
using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace)

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

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
asio::awaitable<boost::system::error_code> await_reply(icmp::socket& socket, Echo echo, bool v6) {
  std::array<std::byte, 2048> buffer{};
  for (;;) {
    const auto [error, size] =
        co_await socket.async_receive(asio::buffer(buffer.data(), buffer.size()), no_throw);
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
  const icmp::endpoint target{to_asio(*endpoint.connect_ip), 0};
  icmp::socket socket{executor};
  boost::system::error_code error;
  if (socket.open(target.protocol(), error))
    co_return Verdict::not_run("cannot open an ICMP socket (CAP_NET_RAW): {}", error.message());
  if (auto refused = apply_options(socket.native_handle(), endpoint, false)) co_return *refused;
  filter_replies(socket.native_handle(), v6);
  if (socket.connect(target, error)) co_return failure("ping", error);
  const Echo echo{static_cast<std::uint16_t>(::getpid()), task.sequence};
  const std::vector<std::byte> request = echo_request(echo, v6);
  const auto [unsent, sent] =
      co_await socket.async_send(asio::buffer(request.data(), request.size()), no_throw);
  if (unsent) co_return failure("ping", unsent);
  const Duration limit = task.check.final_timing.connect_timeout;
  asio::steady_timer deadline{executor, limit};
  const auto outcome = co_await (await_reply(socket, echo, v6) || deadline.async_wait(no_throw));
  if (outcome.index() == 1)
    co_return Verdict::failed("no echo reply after {} s", in_seconds(limit));
  if (const auto failed = std::get<0>(outcome); failed) co_return failure("ping", failed);
  co_return Verdict::passed();
}

}  // namespace holdfast::checkers
