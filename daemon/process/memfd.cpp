#include "daemon/process/memfd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace holdfast::process {
namespace {

constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno(errno, "cannot write to a memory file");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace

Result<Fd> sealed_memfd(std::string_view name, std::string_view bytes) {
  Fd fd{::memfd_create(std::string{name}.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!fd) return fail_errno(errno, "cannot create the memory file {}", name);
  if (auto written = write_all(fd.get(), bytes); !written)
    return tl::make_unexpected(written.error());
  if (::fcntl(fd.get(), F_ADD_SEALS, all_seals) != 0)
    return fail_errno(errno, "cannot seal the memory file {}", name);
  return fd;
}

Result<std::string> read_memfd(const Fd& fd, std::size_t most) {
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_WRITE) == 0)
    return fail("this descriptor is not a sealed memory file");
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(errno, "cannot read a memory file");
  if (std::cmp_greater(status.st_size, most))
    return fail("a memory file of {} bytes is too large", status.st_size);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t got =
        ::pread(fd.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail("a memory file ended early");
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace holdfast::process
