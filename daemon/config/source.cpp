#include "daemon/config/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "daemon/base/fd.h"
#include "daemon/config/include.h"

namespace holdfast::config {

Result<SourceFile> read_source(const std::string& path) {
  const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return fail_errno(errno, "cannot read '{}'", path);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(errno, "cannot read '{}'", path);
  if (!S_ISREG(status.st_mode)) return fail("'{}' is not a regular file", path);
  if ((status.st_mode & 0111) != 0)
    return fail("'{}' is executable, so it is not read as configuration (chmod -x it)", path);
  SourceFile file{{}, status.st_dev, status.st_ino};
  if (status.st_size > 0 && static_cast<std::size_t>(status.st_size) <= max_file_size)
    file.content.reserve(static_cast<std::size_t>(status.st_size));
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "cannot read '{}'", path);
    if (got == 0) return file;
    file.content.append(buffer.data(), static_cast<std::size_t>(got));
    if (file.content.size() > max_file_size)
      return fail("'{}' is larger than {} MB", path, max_file_size >> 20);
  }
}

Files file_system() { return {read_source, matching_files}; }

}  // namespace holdfast::config
