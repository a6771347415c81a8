// HTTP_GET and SSL_GET: the urls of a check in order, each on a connection of its own. The body is
// read in pieces and not kept; the time for a whole answer is bounded.
#include <array>
#include <boost/asio/this_coro.hpp>

#include "checkers/core/http_rules.h"
#include "checkers/io/connection.h"
#include "checkers/io/http_answer.h"
#include "checkers/io/probe.h"
#include "checkers/io/tls.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

constexpr std::size_t piece_size = 4096;

asio::awaitable<Verdict> read_answer(Connection& connection, const HttpUrl& url) {
  PageJudge judge{url};
  HttpAnswer answer{judge, url.method != "HEAD"};
  std::array<char, piece_size> piece{};
  for (;;) {
    const auto [size, failure] = co_await connection.read(answer.part(), piece);
    if (failure) co_return *failure;
    if (size == 0) co_return answer.end();
    if (auto verdict = answer.add({piece.data(), size})) co_return *verdict;
  }
}

asio::awaitable<Verdict> fetch(const ProbeTask& task, const HttpCheck& check, const HttpUrl& url) {
  const Endpoint& endpoint = task.check.endpoint;
  Connection connection{co_await asio::this_coro::executor, endpoint,
                        task.check.final_timing.connect_timeout};
  if (auto failure = co_await connection.connect()) co_return *failure;
  if (check.tls) {
    const TlsSettings settings{server_name(check, url), *endpoint.connect_ip, check.tls_rules};
    if (auto failure = co_await connection.start_tls(settings)) co_return *failure;
  }
  // One limit for the request and the whole answer: a byte a second does not keep a check alive.
  const std::string request = http1_text(http_request(check, url, endpoint), check.version);
  if (auto failure = co_await connection.write("request", request)) co_return *failure;
  Verdict verdict = co_await read_answer(connection, url);
  if (const auto days = connection.certificate_days_left();
      days && *days < static_cast<int>(check.tls_rules.expiry_days))
    verdict.warning = fmt::format("tls-expiry: the certificate ends in {} days", *days);
  if (check.tls && url.tls_compliant.value_or(check.tls_compliant))
    co_await connection.finish_tls();
  co_return verdict;
}

}  // namespace

asio::awaitable<Verdict> http_probe(ProbeTask task) {
  const auto& check = std::get<HttpCheck>(task.check.probe);
  Verdict last = Verdict::passed();
  for (const HttpUrl& url : check.urls) {
    last = co_await fetch(task, check, url);
    if (last.kind != Verdict::Kind::passed || (task.recovering && check.fast_recovery)) break;
  }
  co_return last;
}

}  // namespace holdfast::checkers
