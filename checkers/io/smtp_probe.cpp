// SMTP_CHECK: greeting 220, HELO 250, QUIT whatever it says (runtime.md 16.4).
#include <array>
#include <boost/asio/this_coro.hpp>

#include "checkers/io/connection.h"
#include "checkers/io/probe.h"
#include "daemon/notify/smtp_reply.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

/// @source RFC 5321 4.2.3
constexpr unsigned ready_code = 220, done_code = 250;

/// Nothing: it is the one that was expected.
asio::awaitable<Connection::Failure> expect(Connection& connection,
                                            notify::SmtpReplyReader& replies, const char* what,
                                            unsigned code) {
  std::array<char, 1024> piece{};
  for (;;) {
    const auto reply = replies.next();
    if (!reply) co_return Verdict::failed("{}: {}", what, reply.error().what);
    if (*reply && (*reply)->code == code) co_return std::nullopt;
    if (*reply)
      co_return Verdict::failed("{}: {} instead of {}: {}", what, (*reply)->code, code,
                                (*reply)->text);
    const auto [size, failure] = co_await connection.read(what, piece);
    if (failure) co_return *failure;
    if (size == 0) co_return Verdict::failed("{}: the server closed the connection", what);
    replies.add({piece.data(), size});
  }
}

}  // namespace

asio::awaitable<Verdict> smtp_probe(ProbeTask task) {
  Connection connection{co_await asio::this_coro::executor, task.check.endpoint,
                        task.check.final_timing.connect_timeout};
  notify::SmtpReplyReader replies;
  if (auto failure = co_await connection.connect()) co_return *failure;
  if (auto failure = co_await expect(connection, replies, "greeting", ready_code))
    co_return *failure;
  const std::string helo =
      fmt::format("HELO {}\r\n", std::get<SmtpCheck>(task.check.probe).helo_name);
  connection.restart_limit();
  if (auto failure = co_await connection.write("HELO", helo)) co_return *failure;
  if (auto failure = co_await expect(connection, replies, "HELO", done_code)) co_return *failure;
  // What it answers does not count, and a server that has said so much needs no reset.
  std::array<char, 256> farewell{};
  connection.restart_limit();
  if (!co_await connection.write("QUIT", "QUIT\r\n")) co_await connection.read("QUIT", farewell);
  co_return Verdict::passed();
}

}  // namespace holdfast::checkers
