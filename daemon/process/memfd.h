// Bulk data between processes: memory files, sealed so that nobody can change them any more.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast::process {

/// A memory file with these bytes, sealed against writing, growing and shrinking.
Result<Fd> sealed_memfd(std::string_view name, std::string_view bytes);
/// Larger than any configuration that is read (daemon/config/expand.cpp).
inline constexpr std::size_t largest_memfd = std::size_t{1} << 31U;
/// All bytes of a sealed memory file; refuses one that is not sealed against writing.
Result<std::string> read_memfd(const Fd& fd, std::size_t most = largest_memfd);

}  // namespace holdfast::process
