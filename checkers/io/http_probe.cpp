// HTTP_GET: the urls of a check in order, each on a connection of its own. The body is read in
// pieces and never kept; the time for a whole answer is bounded.
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include "checkers/core/http_rules.h"
#include "checkers/io/md5.h"
#include "checkers/io/probe.h"
#include "checkers/io/socket_options.h"
#include "daemon/process/clock.h"

namespace holdfast::checkers {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
/// More header than any health page has; beyond it the check fails.
constexpr std::uint32_t header_limit = 64 * 1024;

Verdict transfer_failure(const char* what, const boost::system::error_code& error, Duration limit) {
  if (error == beast::error::timeout)
    return Verdict::failed("{} timed out after {} s", what, in_seconds(limit));
  if (error == http::error::end_of_stream || error == asio::error::eof)
    return Verdict::failed("{}: the server closed the connection without an answer", what);
  if (error == http::error::header_limit)
    return Verdict::failed("{}: a header of more than {} bytes", what, header_limit);
  return failure(what, error);
}

/// Reads the answer; the digest is computed when it is asked for. The stream's own limit needs an
/// operation that waits: a server that never pauses is stopped by `deadline`.
asio::awaitable<Verdict> read_answer(beast::tcp_stream& stream, HttpUrl url, Duration limit) {
  const TimePoint deadline = process::monotonic_now() + limit;
  beast::flat_buffer buffer{header_limit * 2};
  http::response_parser<http::buffer_body> parser;
  parser.header_limit(header_limit);
  parser.body_limit(boost::none);
  auto [error, size] = co_await http::async_read_header(stream, buffer, parser, no_throw);
  if (error) co_return transfer_failure("answer", error, limit);
  if (auto refused = judge_status(url, parser.get().result_int())) co_return *refused;
  Md5 digest;
  std::array<char, 16384> piece{};
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    std::tie(error, size) = co_await http::async_read(stream, buffer, parser, no_throw);
    if (error == http::error::need_buffer) error = {};
    if (!error && process::monotonic_now() >= deadline) error = beast::error::timeout;
    if (error) co_return transfer_failure("body", error, limit);
    if (!url.digest.empty()) digest.update({piece.data(), piece.size() - parser.get().body().size});
  }
  if (url.digest.empty()) co_return Verdict::passed();
  co_return judge_digest(url, digest.hex()).value_or(Verdict::passed());
}

asio::awaitable<Verdict> fetch(ProbeTask task, HttpUrl url) {
  const Endpoint& endpoint = task.check.endpoint;
  const tcp::endpoint target{to_asio(*endpoint.connect_ip), *endpoint.connect_port};
  const Duration limit = task.check.final_timing.connect_timeout;
  beast::tcp_stream stream{co_await asio::this_coro::executor};
  boost::system::error_code error;
  if (stream.socket().open(target.protocol(), error))
    co_return failure("cannot open a socket", error);
  if (auto refused = apply_options(stream.socket().native_handle(), endpoint, true))
    co_return *refused;
  reset_at_close(stream.socket().native_handle());
  stream.expires_after(limit);
  const auto [unreachable] = co_await stream.async_connect(target, no_throw);
  if (unreachable) co_return transfer_failure("connect", unreachable, limit);
  // One limit for the request and the whole answer: a byte a second does not keep a check alive.
  stream.expires_after(limit);
  const std::string request = http_request(std::get<HttpCheck>(task.check.probe), url, endpoint);
  const auto [unsent, sent] = co_await asio::async_write(stream, asio::buffer(request), no_throw);
  if (unsent) co_return transfer_failure("request", unsent, limit);
  co_return co_await read_answer(stream, url, limit);
}

}  // namespace

asio::awaitable<Verdict> http_probe(ProbeTask task) {
  const HttpCheck check = std::get<HttpCheck>(task.check.probe);
  for (const HttpUrl& url : check.urls) {
    const Verdict verdict = co_await fetch(task, url);
    if (verdict.kind != Verdict::Kind::passed) co_return verdict;
    if (task.recovering && check.fast_recovery) break;
  }
  co_return Verdict::passed();
}

asio::awaitable<Verdict> probe(ProbeTask task) {
  switch (task.check.probe.index()) {
    case 0:
      return tcp_probe(std::move(task));
    case 1:
      return ping_probe(std::move(task));
    default:
      return http_probe(std::move(task));
  }
}

}  // namespace holdfast::checkers
