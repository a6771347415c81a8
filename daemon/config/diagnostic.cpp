#include "daemon/config/diagnostic.h"

#include <algorithm>

namespace holdfast::config {

void Diagnostics::add(Severity severity, Place place, std::string message) {
  if (is_full(severity)) {
    ++dropped_;
    return;
  }
  ++kept_[static_cast<std::size_t>(severity)];
  found_.push_back({severity, place, std::move(message)});
}

bool Diagnostics::has(Severity at_least) const {
  for (auto i = static_cast<std::size_t>(at_least); i < kept_.size(); ++i)
    if (kept_[i] > 0) return true;
  return false;
}

bool Diagnostics::is_full(Severity severity) const {
  return kept_[static_cast<std::size_t>(severity)] >= limit;
}

namespace {

/// The line and a caret below the column; of a long line the part around the column.
std::string excerpt(std::string_view line, std::size_t column) {
  constexpr std::size_t widest = 160;
  const std::size_t begin = column > widest ? column - widest / 2 : 0;
  std::string shown{line.substr(std::min(begin, line.size()), widest)};
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  const std::size_t caret = std::min(column - std::min(column, begin), shown.size() + 1);
  return fmt::format("\n  {}\n{:>{}}", shown, '^', caret + 2);
}

}  // namespace

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
  std::string rendered = fmt::format("{}:{}:{}: {}: {}", file, line.number, diagnostic.place.column,
                                     to_string(diagnostic.severity), diagnostic.message);
  // A line that the expansion used up (an include) is empty by now.
  if (!line.text.empty()) rendered += excerpt(line.text, diagnostic.place.column);
  return rendered;
}

}  // namespace holdfast::config
