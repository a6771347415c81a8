// Files as the configuration is read from: whole, bounded, and nothing but regular ones.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "daemon/base/result.h"

namespace holdfast::config {

struct SourceFile {
  std::string content;
  dev_t device = 0;
  ino_t inode = 0;
};

/// Largest file that is read. @source 100,000 real servers need 12 MB
inline constexpr std::size_t max_file_size = 256UL * 1024 * 1024;

/// Errors: unreadable, not regular, executable (grammar.md 11), larger than max_file_size.
Result<SourceFile> read_source(const std::string& path);

/// What expand() reads from: the file system, or what a test puts in its place.
struct Files {
  std::function<Result<SourceFile>(const std::string& path)> read;
  /// include.h: matching_files()
  std::function<std::vector<std::string>(const std::string& pattern, const std::string& from)>
      match;
};
Files file_system();

}  // namespace holdfast::config
