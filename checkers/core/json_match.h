// The body of an answer as a JSON document, and what must stand in it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"

namespace holdfast::checkers {

/// One body, which is kept until it is whole. While it is parsed, which is done for one body at a
/// time, it takes some 30 times its size more.
class JsonMatch {
 public:
  /// A longer body fails. etc/holdfast.conf.5 says it too: `json` in url_schema.cpp.
  static constexpr std::size_t most_kept = 256 * 1024;

  /// The failure of a body that is too long.
  [[nodiscard]] std::optional<Verdict> add(const HttpUrl& url, std::string_view piece);
  /// The body is whole. @return the first rule of the url that it does not fit
  [[nodiscard]] std::optional<Verdict> finish(const HttpUrl& url) const;

 private:
  std::string body_;
};

}  // namespace holdfast::checkers
