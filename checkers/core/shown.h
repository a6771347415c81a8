// Bytes of a server in words of ours.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::checkers {

/// In single quotes, printable, the first bytes of many: '-ERR no\r\n', 'abc'... .
std::string shown(std::string_view bytes);

}  // namespace holdfast::checkers
