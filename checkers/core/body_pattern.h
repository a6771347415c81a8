// The pattern of a url over a body that comes in pieces (PCRE2). Pure. What is kept of the body is
// bounded, and so is the work that a pattern may cause.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "checkers/config/config.h"
#include "daemon/base/result.h"

namespace holdfast::checkers {

/// A pattern that is compiled; shared by all probes of a url.
class BodyPattern {
 public:
  /// Error: what PCRE2 says against it, and where.
  static Result<std::shared_ptr<const BodyPattern>> compile(const BodyRegex& regex);
  BodyPattern(const BodyPattern&) = delete;
  BodyPattern& operator=(const BodyPattern&) = delete;
  ~BodyPattern();

 private:
  friend class BodyMatch;
  struct Compiled;
  explicit BodyPattern(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

/// One body.
class BodyMatch {
 public:
  /// A match that needs more of the body at once than this is none.
  static constexpr std::size_t most_kept = 256 * 1024;

  explicit BodyMatch(std::shared_ptr<const BodyPattern> pattern) : pattern_{std::move(pattern)} {}
  void add(std::string_view piece);
  /// The body is whole.
  void finish();
  [[nodiscard]] bool has_match() const { return state_ == State::found; }
  /// What came behind the match; it lives as long as this.
  [[nodiscard]] std::string_view rest() const { return std::string_view{kept_}.substr(end_); }
  /// Why the pattern could not be followed to the end.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  enum class State : std::uint8_t { looking, found, over };
  void look(bool last);

  std::shared_ptr<const BodyPattern> pattern_;
  State state_ = State::looking;
  std::string kept_;       ///< what a match may still need
  std::size_t begin_ = 0;  ///< offset in the body of kept_[0]
  std::size_t start_ = 0;  ///< where in kept_ a match may begin
  std::size_t taken_ = 0;  ///< of the body
  std::size_t end_ = 0;    ///< of the match, in kept_
  std::string trouble_;
};

}  // namespace holdfast::checkers
