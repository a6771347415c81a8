// One request of HTTP and its answer over a connection of its own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "checkers/config/config.h"
#include "checkers/core/answer_sink.h"
#include "checkers/core/http_rules.h"

namespace holdfast::checkers {

struct HttpFetch {
  HttpRequest request;
  HttpVersion version = HttpVersion::v1_0;
  Endpoint endpoint;
  Duration limit{};  ///< of the connection, of the handshake, and of all the rest
  bool tls = false;
  std::string server_name;  ///< in the handshake; empty: none
  TlsRules tls_rules;
  bool tls_compliant = false;  ///< TLS is ended by the closing messages
};

/// @param sink must live until the coroutine ends
/// @return its verdict, or what kept the answer from coming
boost::asio::awaitable<Verdict> http_fetch(HttpFetch fetch, AnswerSink& sink);

}  // namespace holdfast::checkers
