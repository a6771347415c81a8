// Names of header fields.
#pragma once

#include <algorithm>
#include <cctype>
#include <string_view>

namespace holdfast::checkers {

/// They have no case. @source RFC 9110 5.1
inline bool is_field(std::string_view text, std::string_view name) {
  return std::ranges::equal(text, name, [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
}

}  // namespace holdfast::checkers
