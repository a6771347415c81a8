// DIALOGUE_CHECK and the ready ones: carries out what checkers/core/talk.h asks for.
#include <array>
#include <boost/asio/this_coro.hpp>

#include "checkers/core/talk.h"
#include "checkers/io/connection.h"
#include "checkers/io/probe.h"
#include "checkers/io/tls.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

constexpr std::size_t piece_size = 4096;

/// Nothing: more has come.
asio::awaitable<Connection::Failure> receive(Connection& connection, Talk& talk,
                                             const Receive& wanted) {
  std::array<char, piece_size> piece{};
  auto [size, failure] = co_await connection.read(wanted.what.c_str(), piece);
  if (failure) {
    failure->reason += talk.came();
    co_return std::move(failure);
  }
  if (size == 0)
    talk.end();
  else
    talk.add({piece.data(), size});
  co_return std::nullopt;
}

/// What the server answers does not count.
asio::awaitable<void> part(Connection& connection, const Done& done) {
  std::array<char, piece_size> piece{};
  if (!done.farewell.empty() && co_await connection.write("farewell", done.farewell)) co_return;
  if (done.ends_first) connection.end_sending();
  if (!done.farewell.empty() || done.ends_first) co_await connection.read("farewell", piece);
}

asio::awaitable<Verdict> converse(Connection& connection, Talk& talk, const TlsSettings& tls) {
  for (;;) {
    const Action action = talk.next();
    Connection::Failure failure;
    if (const auto* send = std::get_if<Send>(&action)) {
      failure = co_await connection.write(send->what.c_str(), send->bytes);
    } else if (std::holds_alternative<StartTls>(action)) {
      failure = co_await connection.start_tls(tls);
    } else if (const auto* wanted = std::get_if<Receive>(&action)) {
      failure = co_await receive(connection, talk, *wanted);
    } else {
      const Done& done = std::get<Done>(action);
      co_await part(connection, done);
      co_return done.verdict;
    }
    if (failure) co_return *failure;
  }
}

}  // namespace

asio::awaitable<Verdict> talk_probe(ProbeTask task) {
  const auto& check = std::get<TalkCheck>(task.check.probe);
  const Endpoint& endpoint = task.check.endpoint;
  Connection connection{co_await asio::this_coro::executor, endpoint,
                        task.check.final_timing.connect_timeout};
  if (auto failure = co_await connection.connect()) co_return *failure;
  const TlsSettings tls{check.sni_name, *endpoint.connect_ip, check.tls_rules};
  if (begins_with_tls(check))
    if (auto failure = co_await connection.start_tls(tls)) co_return *failure;
  const std::unique_ptr<Talk> talk = make_talk(check);
  Verdict verdict = co_await converse(connection, *talk, tls);
  if (const auto days = connection.certificate_days_left();
      days && *days < static_cast<int>(check.tls_rules.expiry_days))
    verdict.warning = fmt::format("tls-expiry: the certificate ends in {} days", *days);
  co_return verdict;
}

}  // namespace holdfast::checkers
