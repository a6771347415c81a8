#include "daemon/config/diagnostic.h"

#include <algorithm>

namespace holdfast::config {

void Diagnostics::add(Severity severity, Place place, std::string message) {
  if (found_.size() >= limit) {
    ++dropped_;
    return;
  }
  found_.push_back({severity, place, std::move(message)});
}

bool Diagnostics::has(Severity at_least) const {
  return std::ranges::any_of(found_,
                             [&](const Diagnostic& found) { return found.severity >= at_least; });
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

std::string render(const Diagnostic& diagnostic, const Text& text) {
  if (diagnostic.place.line >= text.lines.size())
    return fmt::format("{}: {}", to_string(diagnostic.severity), diagnostic.message);
  const Line& line = text.lines[diagnostic.place.line];
  const std::string_view file =
      line.file < text.files.size() ? std::string_view{text.files[line.file]} : "?";
  constexpr std::size_t widest = 160;
  std::string shown = line.text.substr(0, widest);
  std::ranges::replace(shown, '\t', ' ');
  std::string rendered =
      fmt::format("{}:{}:{}: {}: {}\n  {}\n", file, line.number, diagnostic.place.column,
                  to_string(diagnostic.severity), diagnostic.message, shown);
  const std::size_t column = std::min<std::size_t>(diagnostic.place.column, shown.size() + 1);
  rendered.append(column + 1, ' ');
  rendered += '^';
  return rendered;
}

}  // namespace holdfast::config
