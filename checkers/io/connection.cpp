#include "checkers/io/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <tuple>

#include "checkers/io/socket_options.h"
#include "checkers/io/tls.h"

namespace holdfast::checkers {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
}

/// Ends whatever the socket waits for. A step that never waits is ended by is_over().
struct Connection::Deadline {
  Deadline(const asio::any_io_executor& executor, tcp::socket& socket)
      : timer{executor}, target{socket} {}
  void start(Duration limit) {
    over = false;
    timer.expires_after(limit);
    timer.async_wait([this, alive = std::weak_ptr{life}](const boost::system::error_code& error) {
      if (error || alive.expired()) return;
      over = true;
      boost::system::error_code ignored;
      target.cancel(ignored);
    });
  }
  [[nodiscard]] bool is_over() const {
    return over || timer.expiry() <= std::chrono::steady_clock::now();
  }
  asio::steady_timer timer;
  tcp::socket& target;
  bool over = false;
  std::shared_ptr<int> life = std::make_shared<int>();
};

Connection::Connection(const asio::any_io_executor& executor, Endpoint endpoint, Duration limit)
    : endpoint_{std::move(endpoint)},
      limit_{limit},
      socket_{executor},
      deadline_{std::make_unique<Deadline>(executor, socket_)} {}

Connection::~Connection() = default;

Verdict Connection::failed(const char* what, const boost::system::error_code& error) const {
  if (deadline_->is_over())
    return Verdict::failed("{} timed out after {} s", what, in_seconds(limit_));
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
    return Verdict::failed("{}: the server closed the connection", what);
  return failure(what, error);
}

void Connection::restart_limit() { deadline_->start(limit_); }

asio::awaitable<Connection::Failure> Connection::connect() {
  const tcp::endpoint target{to_asio(*endpoint_.connect_ip), *endpoint_.connect_port};
  boost::system::error_code error;
  if (socket_.open(target.protocol(), error)) co_return failure("cannot open a socket", error);
  if (auto refused = apply_options(socket_.native_handle(), endpoint_, true)) co_return refused;
  reset_at_close(socket_.native_handle());
  restart_limit();
  const auto [unreachable] = co_await socket_.async_connect(target, no_throw);
  if (unreachable) co_return failed("connect", unreachable);
  restart_limit();
  co_return std::nullopt;
}

asio::awaitable<Connection::Failure> Connection::start_tls(const TlsSettings& settings) {
  tls_ = std::make_unique<TlsStream>();
  if (auto refused = tls_->open(socket_, settings)) co_return refused;
  const auto [error] = co_await (**tls_).async_handshake(asio::ssl::stream_base::client, no_throw);
  if (error && deadline_->is_over()) co_return failed("tls-handshake", error);
  if (error) co_return tls_->handshake_failure(error);
  if (auto refused = tls_->judge_protocol()) co_return refused;
  restart_limit();
  co_return std::nullopt;
}

asio::awaitable<Connection::Failure> Connection::write(const char* what, std::string_view bytes) {
  const asio::const_buffer all{bytes.data(), bytes.size()};
  boost::system::error_code error;
  std::size_t size = 0;
  if (tls_)
    std::tie(error, size) = co_await asio::async_write(**tls_, all, no_throw);
  else
    std::tie(error, size) = co_await asio::async_write(socket_, all, no_throw);
  if (error || deadline_->is_over()) co_return failed(what, error);
  co_return std::nullopt;
}

asio::awaitable<Connection::Read> Connection::read(const char* what, std::span<char> buffer) {
  const asio::mutable_buffer room{buffer.data(), buffer.size()};
  boost::system::error_code error;
  std::size_t size = 0;
  if (tls_)
    std::tie(error, size) = co_await (**tls_).async_read_some(room, no_throw);
  else
    std::tie(error, size) = co_await socket_.async_read_some(room, no_throw);
  if (deadline_->is_over()) co_return Read{0, failed(what, error)};
  // Many servers end TLS by ending the connection.
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) co_return Read{};
  if (error) co_return Read{0, failed(what, error)};
  co_return Read{size, std::nullopt};
}

void Connection::end_sending() {
  boost::system::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> Connection::finish_tls() {
  if (tls_) co_await (**tls_).async_shutdown(no_throw);
}

std::optional<int> Connection::certificate_days_left() const {
  return tls_ ? tls_->days_left() : std::nullopt;
}

}  // namespace holdfast::checkers
