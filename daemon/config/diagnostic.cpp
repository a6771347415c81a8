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

/// Most of a line that a message shows.
constexpr std::size_t widest = 160;

std::string printable(std::string_view line, std::size_t begin) {
  std::string shown{line.substr(std::min(begin, line.size()), widest)};
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  return shown;
}

/// The line and a caret below the column; of a long line the part around the column.
std::string excerpt(std::string_view line, std::size_t column) {
  const std::size_t begin = column > widest ? column - widest / 2 : 0;
  const std::string shown = printable(line, begin);
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

namespace {

/// The column in `before` of what stands at `column` of `after`, which came from it by replacing
/// one part; the begin of that part for what stands inside it.
std::size_t column_before(std::string_view before, std::string_view after, std::size_t column) {
  const std::size_t shorter = std::min(before.size(), after.size());
  const auto same = static_cast<std::size_t>(
      std::ranges::mismatch(before.substr(0, shorter), after.substr(0, shorter)).in1 -
      before.begin());
  if (column <= same) return column;
  std::size_t tail = 0;
  while (tail < shorter - same &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  if (column > after.size() - tail) return column - after.size() + before.size();
  return same + 1;
}

std::string name_of(const Text& text, std::uint32_t file) {
  return file < text.files.size() ? text.files[file] : "?";
}

std::string chain(const Text& text, std::uint32_t via) {
  std::string links;
  for (; via != 0 && via <= text.vias.size(); via = text.vias[via - 1].outer) {
    const Via& link = text.vias[via - 1];
    const std::string place = fmt::format("{}:{}", name_of(text, link.file), link.number);
    if (link.kind == Via::Kind::included) links += "\n  included from " + place;
    if (link.kind == Via::Kind::body)
      links += fmt::format("\n  in the definition of ${}, used at {}", link.text, place);
  }
  return links;
}

}  // namespace

std::string render(const Diagnostic& diagnostic, const Text& text) {
  if (diagnostic.place.line >= text.lines.size())
    return fmt::format("{}: {}", to_string(diagnostic.severity), diagnostic.message);
  const Line& line = text.lines[diagnostic.place.line];
  const Via* via =
      line.via != 0 && line.via <= text.vias.size() ? &text.vias[line.via - 1] : nullptr;
  const bool replaced = via != nullptr && via->kind == Via::Kind::replaced;
  const std::size_t column = replaced && !line.text.empty()
                                 ? column_before(via->text, line.text, diagnostic.place.column)
                                 : diagnostic.place.column;
  std::string rendered = fmt::format("{}:{}:{}: {}: {}", name_of(text, line.file), line.number,
                                     column, to_string(diagnostic.severity), diagnostic.message);
  const std::string& shown = replaced ? via->text : line.text;
  if (!shown.empty()) rendered += excerpt(shown, column);
  if (replaced && !line.text.empty())
    rendered +=
        fmt::format("\n  read as: {}", printable(line.text, line.text.find_first_not_of(' ')));
  return rendered + chain(text, line.via);
}

}  // namespace holdfast::config
