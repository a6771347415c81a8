// What a probe found out.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace holdfast::checkers {

struct Verdict {
  enum class Kind : std::uint8_t {
    passed,
    failed,
    not_run,  ///< a local error (no descriptor, no such local address): says nothing of the server
  };
  Kind kind = Kind::failed;
  std::string reason;  ///< in words: "connect timed out after 3 s"
  /// Of a check that has a say in it: what the server's weight shall be; 0..2^31-1.
  std::optional<std::int64_t> weight{};
  std::int64_t added{};   ///< or what is added to the weight that is configured
  std::string warning{};  ///< what will be a failure some day: a certificate that ends soon

  static Verdict passed() { return {Kind::passed, "passed", {}, {}, {}}; }
  template <typename... Args>
  static Verdict failed(fmt::format_string<Args...> text, Args&&... args) {
    return {Kind::failed, fmt::format(text, std::forward<Args>(args)...), {}, {}, {}};
  }
  template <typename... Args>
  static Verdict not_run(fmt::format_string<Args...> text, Args&&... args) {
    return {Kind::not_run, fmt::format(text, std::forward<Args>(args)...), {}, {}, {}};
  }
  bool operator==(const Verdict&) const = default;
};

}  // namespace holdfast::checkers
