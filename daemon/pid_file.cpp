#include "daemon/pid_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace holdfast {
namespace {

std::string content_of(int fd) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  std::string content{text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  return content.substr(0, content.find('\n'));
}

}  // namespace

Result<PidFile> PidFile::lock(const std::string& path) {
  std::error_code ignored;
  const mode_t mask = ::umask(0022);  // that of the configuration is for files
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
  ::umask(mask);
  Fd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
  if (!fd) return fail_errno(errno, "cannot create the pid file {}", path);
  flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd.get(), F_OFD_SETLK, &whole) != 0) {
    const int reason = errno;
    if (reason != EAGAIN && reason != EACCES) return fail_errno(reason, "cannot lock {}", path);
    return tl::make_unexpected(
        Error{fmt::format("already running: process {} holds the pid file {}", content_of(fd.get()),
                          path),
              EBUSY});
  }
  return PidFile{path, std::move(fd)};
}

PidFile::~PidFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> PidFile::write(pid_t pid) {
  const std::string text = fmt::format("{}\n", pid);
  if (::ftruncate(fd_.get(), 0) != 0 ||
      ::pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return fail_errno(errno, "cannot write the pid file {}", path_);
  return {};
}

}  // namespace holdfast
