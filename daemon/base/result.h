// Expected failures are values: Result<T> holds a T or an Error in the operator's words.
#pragma once

#include <fmt/format.h>

#include <cstring>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace holdfast {

/// What we were doing, in the operator's words, and the cause.
struct Error {
  std::string what;
  int code = 0;  ///< errno of the cause where there is one, else 0
};

template <typename T>
using Result = tl::expected<T, Error>;

/// `return fail("cannot open {}: {}", path, reason);`
template <typename... Args>
[[nodiscard]] tl::unexpected<Error> fail(fmt::format_string<Args...> text, Args&&... args) {
  return tl::make_unexpected(Error{fmt::format(text, std::forward<Args>(args)...), 0});
}

/// As fail(), and appends the text of errno `code`.
template <typename... Args>
[[nodiscard]] tl::unexpected<Error> fail_errno(int code, fmt::format_string<Args...> text,
                                               Args&&... args) {
  return tl::make_unexpected(
      Error{fmt::format(text, std::forward<Args>(args)...) + ": " + ::strerrordesc_np(code), code});
}
}  // namespace holdfast
