// The answer to one url of a check: status, digest, pattern and JSON. No socket, whatever the
// version of HTTP.
#pragma once

#include <optional>
#include <string_view>

#include "checkers/config/config.h"
#include "checkers/core/body_pattern.h"
#include "checkers/core/json_match.h"
#include "checkers/core/verdict.h"
#include "checkers/io/md5.h"

namespace holdfast::checkers {

/// Who looks at an answer while it comes. A failure that is returned ends the exchange.
class AnswerSink {
 public:
  AnswerSink() = default;
  AnswerSink(const AnswerSink&) = delete;
  AnswerSink& operator=(const AnswerSink&) = delete;
  virtual ~AnswerSink() = default;

  virtual std::optional<Verdict> status(unsigned code) = 0;
  /// A field of the header or, with HTTP/2, of the trailer.
  virtual void field(std::string_view /*name*/, std::string_view /*value*/) {}
  virtual std::optional<Verdict> body(std::string_view piece) = 0;
  /// The answer is whole.
  virtual Verdict finish() = 0;
};

/// Nothing of the body is kept but what a pattern may need, and a JSON document up to its bound.
class PageJudge : public AnswerSink {
 public:
  explicit PageJudge(HttpUrl url);
  std::optional<Verdict> status(unsigned code) override;
  std::optional<Verdict> body(std::string_view piece) override;
  Verdict finish() override;

 private:
  HttpUrl url_;
  Md5 digest_;
  std::optional<BodyMatch> match_;
  std::optional<JsonMatch> json_;
};

}  // namespace holdfast::checkers
