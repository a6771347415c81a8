// Bulk data between processes: memory files, sealed so that nobody can change them any more.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast::process {

/// A memory file with these bytes, sealed against writing, growing and shrinking.
Result<Fd> sealed_memfd(std::string_view name, std::string_view bytes);
/// All bytes of a sealed memory file; refuses one that is not sealed against writing.
Result<std::string> read_memfd(const Fd& fd);

}  // namespace holdfast::process
