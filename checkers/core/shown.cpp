#include "checkers/core/shown.h"

#include <fmt/format.h>

namespace holdfast::checkers {

std::string shown(std::string_view bytes) {
  constexpr std::size_t most = 100;
  constexpr unsigned char first_printable = ' ';
  constexpr unsigned char last_printable = '~';
  std::string out = "'";
  for (const char c : bytes.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\\')
      out += "\\\\";
    else if (byte >= first_printable && byte <= last_printable)
      out += c;
    else
      out += fmt::format("\\x{:02x}", byte);
  }
  return out + (bytes.size() > most ? "'..." : "'");
}

}  // namespace holdfast::checkers
