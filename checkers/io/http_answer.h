// The answer to one url, out of pieces as they come: status, digest and pattern. Nothing of the
// body is kept but what the pattern may need. No socket.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "checkers/config/config.h"
#include "checkers/core/body_pattern.h"
#include "checkers/core/verdict.h"

namespace holdfast::checkers {

class HttpAnswer {
 public:
  /// @param pattern of the url; null: it has none
  HttpAnswer(HttpUrl url, std::shared_ptr<const BodyPattern> pattern);
  HttpAnswer(const HttpAnswer&) = delete;
  HttpAnswer& operator=(const HttpAnswer&) = delete;
  ~HttpAnswer();

  /// Nothing: the answer is not whole yet.
  std::optional<Verdict> add(std::string_view bytes);
  /// The server has ended the connection.
  Verdict end();
  /// What comes next, for the reasons of failures: "answer" or "body".
  [[nodiscard]] const char* part() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace holdfast::checkers
