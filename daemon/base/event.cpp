#include "daemon/base/event.h"

namespace holdfast {
namespace {

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \t\n\"=[]") != std::string_view::npos;
}

void append_value(std::string& line, std::string_view value) {
  if (!needs_quotes(value)) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    line += c == '\n' ? ' ' : c;
  }
  line += '"';
}

}  // namespace

std::string to_line(const Event& event) {
  std::string line = event.text;
  line += " [";
  line += event.name;
  for (const auto& [key, value] : event.fields) {
    line += ' ';
    line += key;
    line += '=';
    append_value(line, value);
  }
  line += ']';
  return line;
}

std::string_view to_string(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::notice:
      return "notice";
    case Level::info:
      return "info";
    case Level::debug:
      return "debug";
  }
  return "unknown";
}

}  // namespace holdfast
