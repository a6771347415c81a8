#include "checkers/io/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <tuple>

#include "checkers/io/socket_options.h"
#include "checkers/io/tls.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
}

Connection::Connection(const asio::any_io_executor& executor, const Endpoint& endpoint,
                       Duration limit)
    : endpoint_{endpoint},
      duration_{limit},
      socket_{executor},
      limit_{socket_, PollSet::of(executor)} {}

Connection::~Connection() = default;

Verdict Connection::failed(const char* what, const boost::system::error_code& error) const {
  if (limit_.is_over())
    return Verdict::failed("{} timed out after {} s", what, in_seconds(duration_));
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
    return Verdict::failed("{}: the server closed the connection", what);
  return failure(what, error);
}

void Connection::restart_limit() { limit_.start(duration_); }

asio::awaitable<Connection::Failure> Connection::connect() {
  if (auto refused = socket_.open(endpoint_, SOCK_STREAM, 0, true)) co_return refused;
  reset_at_close(socket_.native_handle());
  restart_limit();
  const auto unreachable = co_await socket_.connect(endpoint_);
  if (unreachable) co_return failed("connect", unreachable);
  restart_limit();
  co_return std::nullopt;
}

asio::awaitable<Connection::Failure> Connection::start_tls(const TlsSettings& settings) {
  tls_ = std::make_unique<TlsStream>();
  if (auto refused = tls_->open(socket_, settings)) co_return refused;
  const auto [error] = co_await (**tls_).async_handshake(asio::ssl::stream_base::client, no_throw);
  if (error && limit_.is_over()) co_return failed("tls-handshake", error);
  if (error) co_return tls_->handshake_failure(error);
  if (auto refused = tls_->judge_protocol()) co_return refused;
  restart_limit();
  co_return std::nullopt;
}

asio::awaitable<Connection::Failure> Connection::write(const char* what, std::string_view bytes) {
  boost::system::error_code error;
  std::size_t size = 0;
  if (tls_)
    std::tie(error, size) = co_await asio::async_write(
        **tls_, asio::const_buffer{bytes.data(), bytes.size()}, no_throw);
  else
    error = co_await socket_.send(bytes);
  if (error || limit_.is_over()) co_return failed(what, error);
  co_return std::nullopt;
}

asio::awaitable<Connection::Read> Connection::read(const char* what, std::span<char> buffer) {
  boost::system::error_code error;
  std::size_t size = 0;
  if (tls_) {
    const asio::mutable_buffer room{buffer.data(), buffer.size()};
    std::tie(error, size) = co_await (**tls_).async_read_some(room, no_throw);
  } else {
    const auto received = co_await socket_.receive(buffer);
    error = received.error;
    size = received.size;
  }
  if (limit_.is_over()) co_return Read{0, failed(what, error)};
  // Many servers end TLS by ending the connection.
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) co_return Read{};
  if (error) co_return Read{0, failed(what, error)};
  co_return Read{size, std::nullopt};
}

void Connection::end_sending() { ::shutdown(socket_.native_handle(), SHUT_WR); }

asio::awaitable<void> Connection::finish_tls() {
  if (tls_) co_await (**tls_).async_shutdown(no_throw);
}

std::optional<int> Connection::certificate_days_left() const {
  return tls_ ? tls_->days_left() : std::nullopt;
}

}  // namespace holdfast::checkers
