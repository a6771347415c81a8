// One TCP connection of a probe, with or without TLS. Every step ends at the latest when its limit
// is over, whatever the server does.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"
#include "checkers/io/socket.h"

namespace holdfast::checkers {

class TlsStream;
struct TlsSettings;

class Connection {
 public:
  /// Why a step could not be done.
  using Failure = std::optional<Verdict>;

  /// @param limit of connect(), of start_tls(), and from the first write() on of all that follows
  /// @param endpoint must live as long
  Connection(const boost::asio::any_io_executor& executor, const Endpoint& endpoint,
             Duration limit);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  boost::asio::awaitable<Failure> connect();
  /// From now on everything is encrypted.
  boost::asio::awaitable<Failure> start_tls(const TlsSettings& settings);
  /// The limit begins anew.
  void restart_limit();
  /// @param what in the words of the verdict: "request". @param bytes must live until it is done
  boost::asio::awaitable<Failure> write(const char* what, std::string_view bytes);
  struct Read {
    std::size_t size = 0;  ///< 0 without a failure: the server has ended the connection
    Failure failure;
  };
  boost::asio::awaitable<Read> read(const char* what, std::span<char> buffer);
  /// The server sees the end of what it is sent.
  void end_sending();
  /// Exchanges the closing messages of TLS, within what is left of the limit.
  boost::asio::awaitable<void> finish_tls();
  /// Days until the server's certificate ends; nothing without TLS.
  [[nodiscard]] std::optional<int> certificate_days_left() const;

 private:
  [[nodiscard]] Verdict failed(const char* what, const boost::system::error_code& error) const;

  const Endpoint& endpoint_;
  Duration duration_;
  Socket socket_;
  Limit limit_;
  std::unique_ptr<TlsStream> tls_;
};

}  // namespace holdfast::checkers
