// What is wrong with a configuration, and where: `file:line:column: error: message`.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/text.h"

namespace holdfast::config {

/// note: worth knowing, changes nothing. warning: keepalived would report it and run without the
/// line; so do we at start, and a reload is refused. error: the file cannot be run as written
/// (also everything that is "not supported yet"): start and reload are refused.
enum class Severity : std::uint8_t { note, warning, error };

/// A place in the expanded text.
struct Place {
  std::uint32_t line = 0;    ///< index into Text::lines
  std::uint32_t column = 1;  ///< 1-based byte column
  auto operator<=>(const Place&) const = default;
};

struct Diagnostic {
  Severity severity = Severity::error;
  Place place;
  std::string message;      ///< what was expected and found; "did you mean 'x'?" included
  std::string_view rule{};  ///< of lint: its name, a literal
};

/// Collects findings; bounded, so that a hostile file cannot exhaust memory.
class Diagnostics {
 public:
  /// Findings kept of each severity: many notes never hide an error.
  static constexpr std::size_t limit = 1000;
  void add(Severity severity, Place place, std::string message);
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return found_; }
  [[nodiscard]] bool has(Severity at_least) const;
  /// True when a further finding of this severity would only be counted: its text can be saved.
  [[nodiscard]] bool is_full(Severity severity) const;
  /// Findings beyond `limit`, counted and not kept.
  [[nodiscard]] std::size_t dropped() const { return dropped_; }

 private:
  std::vector<Diagnostic> found_;
  std::array<std::size_t, 3> kept_{};  ///< by severity
  std::size_t dropped_ = 0;
};

std::string_view to_string(Severity severity);

/// One step of the way from where a line stands to where it counts.
struct Origin {
  std::string what;  ///< "included from", "in the definition of $NAME, used at"
  std::string file;
  std::uint32_t line = 0;
};

/// A finding with all that a message shows of its place.
struct Shown {
  Severity severity = Severity::error;
  std::string message;  ///< secrets masked
  std::string_view rule{};
  std::string file;  ///< empty: it has no place
  std::uint32_t line = 0;
  std::size_t column = 1;     ///< in `source`
  std::string source;         ///< the line as it stands in the file, secrets masked
  std::string read_as;        ///< what it became, where references were replaced
  std::vector<Origin> chain;  ///< innermost first
};
/// `included from FILE:LINE`
std::string to_string(const Origin& origin);
Shown show(const Diagnostic& diagnostic, const Text& text);

/// `file:line:column: severity: message`, the line, a caret below the column, and the chain.
/// @param colours of a terminal
std::string render(const Shown& shown, bool colours);
std::string render(const Diagnostic& diagnostic, const Text& text);

}  // namespace holdfast::config
