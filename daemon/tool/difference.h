// What a reload from one configuration to another would change: objects by their identity, values
// as they are understood, whatever their order and spelling.
#pragma once

#include <string>
#include <vector>

#include "daemon/tool/tool.h"

namespace holdfast::tool {

/// One line a change, in the order of the old file and then of the new one:
/// `+ OBJECT`, `- OBJECT`, `~ OBJECT / KEYWORD: OLD -> NEW`. A value that does not stand in the
/// block says where it is from: `1 (default)`; a change of what both sides take from one place is
/// told there alone. Secrets are masked.
std::vector<std::string> difference(const Loaded& before, const Loaded& after);

}  // namespace holdfast::tool
