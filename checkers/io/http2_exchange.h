// One request and its answer over HTTP/2 (RFC 9113), out of pieces as they come, by nghttp2. No
// socket. What a server may cause us to keep or to answer is bounded.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "checkers/core/answer_sink.h"
#include "checkers/core/http_rules.h"

namespace holdfast::checkers {

class Http2Exchange {
 public:
  /// @param sink must live as long. @param scheme "http" or "https"
  Http2Exchange(const HttpRequest& request, std::string_view scheme, AnswerSink& sink);
  Http2Exchange(const Http2Exchange&) = delete;
  Http2Exchange& operator=(const Http2Exchange&) = delete;
  ~Http2Exchange();

  /// What is to be sent now; empty: nothing.
  std::string take();
  /// Nothing: the answer is not whole yet.
  std::optional<Verdict> add(std::string_view bytes);
  /// The same when nothing has come: what was sent may have ended it, too.
  [[nodiscard]] const std::optional<Verdict>& verdict() const;
  /// The server has ended the connection.
  Verdict end();
  /// What comes next, for the reasons of failures: "answer" or "body".
  [[nodiscard]] const char* part() const;

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace holdfast::checkers
