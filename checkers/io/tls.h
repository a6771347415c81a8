// TLS of probes: contexts that are made once, and the reasons of failures in words.
#pragma once

#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"
#include "checkers/io/socket.h"

namespace holdfast::checkers {

/// What a handshake needs.
struct TlsSettings {
  std::string server_name;  ///< SNI (RFC 6066 3); empty: none is sent
  IpAddress address;        ///< of the server: its name where no other one is known
  TlsRules rules;
  bool http2 = false;  ///< is asked for (ALPN h2, RFC 9113 3.2) and must be agreed to
};

/// Certificates and keys are read again by the probes to come: at a reload.
void forget_tls_files();

class TlsStream {
 public:
  /// Contexts are shared by all probes with equal rules.
  /// @return why not: a file of the rules cannot be used
  std::optional<Verdict> open(Socket& socket, const TlsSettings& settings);
  using Stream = boost::asio::ssl::stream<Socket&>;
  Stream& operator*() { return *stream_; }
  /// What is wrong with an agreement of both sides.
  [[nodiscard]] std::optional<Verdict> judge_protocol();
  /// "tls-verify: certificate has expired" or the library's own words.
  [[nodiscard]] Verdict handshake_failure(const boost::system::error_code& error);
  /// Days until the server's certificate ends; nothing when there is none.
  [[nodiscard]] std::optional<int> days_left();

 private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::unique_ptr<Stream> stream_;
  bool http2_ = false;
};

}  // namespace holdfast::checkers
