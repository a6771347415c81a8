// TCP_CHECK: connect, and close with a reset so that no TIME_WAIT piles up.
#include <boost/asio/this_coro.hpp>

#include "checkers/io/connection.h"
#include "checkers/io/probe.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

asio::awaitable<Verdict> tcp_probe(ProbeTask task) {
  Connection connection{co_await asio::this_coro::executor, task.check.endpoint,
                        task.check.final_timing.connect_timeout};
  const auto failure = co_await connection.connect();
  co_return failure.value_or(Verdict::passed());
}

}  // namespace holdfast::checkers
