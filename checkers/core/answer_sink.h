// Who looks at the answer of an HTTP server while it comes, whatever its version.
#pragma once

#include <optional>
#include <string_view>

#include "checkers/core/verdict.h"

namespace holdfast::checkers {

/// A failure that is returned ends the exchange.
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

}  // namespace holdfast::checkers
