#include "daemon/config/diagnostic.h"

#include <algorithm>

#include "daemon/config/secret.h"

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

std::vector<Origin> chain(const Text& text, std::uint32_t via) {
  std::vector<Origin> links;
  for (; via != 0 && via <= text.vias.size(); via = text.vias[via - 1].outer) {
    const Via& link = text.vias[via - 1];
    const std::string file = name_of(text, link.file);
    if (link.kind == Via::Kind::included) links.push_back({"included from", file, link.number});
    if (link.kind == Via::Kind::body)
      links.push_back(
          {fmt::format("in the definition of ${}, used at", link.text), file, link.number});
  }
  return links;
}

/// SGR codes. @source ECMA-48 8.3.117
std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "\x1b[1;36m";
    case Severity::warning:
      return "\x1b[1;33m";
    case Severity::error:
      return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

std::string to_string(const Origin& origin) {
  return fmt::format("{} {}:{}", origin.what, origin.file, origin.line);
}

Shown show(const Diagnostic& diagnostic, const Text& text) {
  Shown shown;
  shown.severity = diagnostic.severity;
  shown.message = diagnostic.message;
  shown.rule = diagnostic.rule;
  if (diagnostic.place.line >= text.lines.size()) return shown;
  const Line& line = text.lines[diagnostic.place.line];
  const Via* via =
      line.via != 0 && line.via <= text.vias.size() ? &text.vias[line.via - 1] : nullptr;
  const bool replaced = via != nullptr && via->kind == Via::Kind::replaced;
  const bool written = via != nullptr && via->kind == Via::Kind::written;
  const bool inside = is_in_secret_block(text, diagnostic.place.line);
  const std::string_view source = replaced || written ? via->text : line.text;
  shown.file = name_of(text, line.file);
  shown.line = line.number;
  shown.column = replaced && !line.text.empty()
                     ? column_before(via->text, line.text, diagnostic.place.column)
                     : diagnostic.place.column;
  shown.source = masked(source, inside);
  if (replaced && !line.text.empty())
    shown.read_as = masked(
        line.text.substr(std::min(line.text.find_first_not_of(' '), line.text.size())), inside);
  for (const std::string_view secret : {source, std::string_view{line.text}})
    shown.message = without_secrets(std::move(shown.message), secret, inside);
  shown.chain = chain(text, line.via);
  return shown;
}

std::string render(const Shown& shown, bool colours) {
  const std::string_view bold = colours ? "\x1b[1m" : "";
  const std::string_view reset = colours ? "\x1b[0m" : "";
  std::string text;
  if (!shown.file.empty())
    text = fmt::format("{}{}:{}:{}:{} ", bold, shown.file, shown.line, shown.column, reset);
  text += fmt::format("{}{}:{} {}", colours ? colour_of(shown.severity) : "",
                      to_string(shown.severity), reset, shown.message);
  if (!shown.rule.empty()) text += fmt::format(" [{}]", shown.rule);
  // A line that the expansion used up (an include) is empty by now.
  if (!shown.source.empty()) text += excerpt(shown.source, shown.column);
  if (!shown.read_as.empty()) text += "\n  read as: " + printable(shown.read_as, 0);
  for (const Origin& link : shown.chain) text += "\n  " + to_string(link);
  return text;
}

std::string render(const Diagnostic& diagnostic, const Text& text) {
  return render(show(diagnostic, text), false);
}

}  // namespace holdfast::config
