// A pid file that is locked as long as its daemon lives.
#pragma once

#include <sys/types.h>

#include <string>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast {

/// Removes its file when it goes.
class PidFile {
 public:
  /// Creates or takes over the file and locks it (open file description lock). A stale file, even
  /// one that names somebody else's pid, is no obstacle. Error with code EBUSY: another daemon
  /// holds the lock; the text names its pid.
  static Result<PidFile> lock(const std::string& path);
  PidFile(PidFile&& other) noexcept : path_{std::move(other.path_)}, fd_{std::move(other.fd_)} {
    other.path_.clear();
  }
  PidFile& operator=(PidFile&&) = delete;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  ~PidFile();

  Result<void> write(pid_t pid);

 private:
  PidFile(std::string path, Fd fd) : path_{std::move(path)}, fd_{std::move(fd)} {}
  std::string path_;
  Fd fd_;
};

}  // namespace holdfast
