// TCP_CHECK: connect, and close with a reset so that no TIME_WAIT piles up.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "checkers/io/probe.h"
#include "checkers/io/socket_options.h"

namespace holdfast::checkers {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace)

namespace {
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);  // errors are values here
}

asio::awaitable<Verdict> tcp_probe(ProbeTask task) {
  const auto executor = co_await asio::this_coro::executor;
  const Endpoint& endpoint = task.check.endpoint;
  const tcp::endpoint target{to_asio(*endpoint.connect_ip), *endpoint.connect_port};
  tcp::socket socket{executor};
  boost::system::error_code error;
  if (socket.open(target.protocol(), error)) co_return failure("cannot open a socket", error);
  if (auto refused = apply_options(socket.native_handle(), endpoint, true)) co_return *refused;
  reset_at_close(socket.native_handle());
  const Duration limit = task.check.final_timing.connect_timeout;
  asio::steady_timer deadline{executor, limit};
  const auto outcome =
      co_await (socket.async_connect(target, no_throw) || deadline.async_wait(no_throw));
  if (outcome.index() == 1)
    co_return Verdict::failed("connect timed out after {} s", in_seconds(limit));
  if (const auto [failed] = std::get<0>(outcome); failed) co_return failure("connect", failed);
  co_return Verdict::passed();
}

}  // namespace holdfast::checkers
