// One answer of HTTP/1 out of pieces as they come; page_judge.h looks at it. No socket.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "checkers/core/answer_sink.h"

namespace holdfast::checkers {

class HttpAnswer {
 public:
  /// @param sink must live as long. @param has_body false: to HEAD, whatever its length says
  explicit HttpAnswer(AnswerSink& sink, bool has_body = true);
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
