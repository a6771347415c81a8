// The answer to one url of a check: status, digest, pattern and JSON. No socket, whatever the
// version of HTTP.
#pragma once

#include <optional>
#include <string_view>

#include "checkers/config/config.h"
#include "checkers/core/answer_sink.h"
#include "checkers/core/body_pattern.h"
#include "checkers/core/json_match.h"
#include "checkers/io/md5.h"

namespace holdfast::checkers {

/// Nothing of the body is kept but what a pattern may need, and a JSON document up to its bound.
class PageJudge : public AnswerSink {
 public:
  /// @param url must live as long
  explicit PageJudge(const HttpUrl& url);
  explicit PageJudge(HttpUrl&& url) = delete;
  std::optional<Verdict> status(unsigned code) override;
  std::optional<Verdict> body(std::string_view piece) override;
  Verdict finish() override;

 private:
  const HttpUrl& url_;
  std::optional<Md5> digest_;
  std::optional<BodyMatch> match_;
  std::optional<JsonMatch> json_;
};

}  // namespace holdfast::checkers
