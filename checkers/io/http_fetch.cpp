#include "checkers/io/http_fetch.h"

#include <array>
#include <boost/asio/this_coro.hpp>

#include "checkers/io/connection.h"
#include "checkers/io/http2_exchange.h"
#include "checkers/io/http_answer.h"
#include "checkers/io/tls.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

constexpr std::size_t piece_size = 4096;

asio::awaitable<Verdict> ask_http1(Connection& connection, const HttpFetch& fetch,
                                   AnswerSink& sink) {
  const std::string request = http1_text(fetch.request, fetch.version);
  if (auto failure = co_await connection.write("request", request)) co_return *failure;
  HttpAnswer answer{sink, fetch.request.method != "HEAD"};
  std::array<char, piece_size> piece{};
  for (;;) {
    const auto [size, failure] = co_await connection.read(answer.part(), piece);
    if (failure) co_return *failure;
    if (size == 0) co_return answer.end();
    if (auto verdict = answer.add({piece.data(), size})) co_return *verdict;
  }
}

asio::awaitable<Verdict> ask_http2(Connection& connection, const HttpFetch& fetch,
                                   AnswerSink& sink) {
  Http2Exchange exchange{fetch.request, fetch.tls ? "https" : "http", sink};
  std::array<char, piece_size> piece{};
  for (const char* what = "request";; what = exchange.part()) {
    const std::string out = exchange.take();
    if (exchange.verdict()) co_return *exchange.verdict();
    if (auto failure = co_await connection.write(what, out)) co_return *failure;
    const auto [size, failure] = co_await connection.read(exchange.part(), piece);
    if (failure) co_return *failure;
    if (size == 0) co_return exchange.end();
    if (auto verdict = exchange.add({piece.data(), size})) co_return *verdict;
  }
}

}  // namespace

asio::awaitable<Verdict> http_fetch(HttpFetch fetch, AnswerSink& sink) {
  Connection connection{co_await asio::this_coro::executor, fetch.endpoint, fetch.limit};
  if (auto failure = co_await connection.connect()) co_return *failure;
  const bool is_http2 = fetch.version == HttpVersion::v2;
  if (fetch.tls) {
    const TlsSettings settings{fetch.server_name, *fetch.endpoint.connect_ip, fetch.tls_rules,
                               is_http2};
    if (auto failure = co_await connection.start_tls(settings)) co_return *failure;
  }
  // One limit for the request and the whole answer: a byte a second does not keep a check alive.
  Verdict verdict;  // g++ 12 destroys what a conditional expression with co_await gives twice
  if (is_http2)
    verdict = co_await ask_http2(connection, fetch, sink);
  else
    verdict = co_await ask_http1(connection, fetch, sink);
  if (const auto days = connection.certificate_days_left();
      days && *days < static_cast<int>(fetch.tls_rules.expiry_days))
    verdict.warning = fmt::format("tls-expiry: the certificate ends in {} days", *days);
  if (fetch.tls_compliant) co_await connection.finish_tls();
  co_return verdict;
}

}  // namespace holdfast::checkers
