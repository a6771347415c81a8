// Why a check is up or down, and what its last probe said: kept for the operator. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "checkers/core/verdict.h"
#include "daemon/base/time.h"

namespace holdfast::checkers {

/// What a probe found out, and when it was known.
struct Finding {
  std::string reason;  ///< printable, at most Findings::longest bytes
  TimePoint at;
  bool operator==(const Finding&) const = default;
};

class Findings {
 public:
  /// A reason is cut to it: servers write parts of theirs.
  static constexpr std::size_t longest = 96;

  /// @param decided whether the check is up or down now by this result, or it is the first one
  void add(const Verdict& verdict, bool decided, TimePoint now);
  /// Goes on where another process was.
  void inherit(Finding decision) { decision_ = std::move(decision); }

  /// The result that made the check what it is; nothing: none has come yet.
  [[nodiscard]] const std::optional<Finding>& decision() const { return decision_; }
  [[nodiscard]] const std::optional<Finding>& last() const { return last_; }

 private:
  std::optional<Finding> decision_, last_;
};

/// Without what is not printable, and not too long.
std::string printable_reason(std::string_view text);

}  // namespace holdfast::checkers
