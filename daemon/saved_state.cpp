#include "daemon/saved_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <fstream>

#include "daemon/base/fd.h"
#include "daemon/process/clock.h"

namespace holdfast {
namespace {

constexpr std::string_view magic = "holdfast-state 1";

/// FNV-1a. @source draft-eastlake-fnv: 64-bit offset basis and prime
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

/// Up to the line's end, which is taken as well; nothing: there is none.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::exchange(rest, {});
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

Result<void> write_all(const Fd& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return fail_errno(errno, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace

std::string saved_state_path(std::string_view pid_file) {
  if (pid_file.ends_with(".pid")) pid_file.remove_suffix(4);
  return std::string{pid_file} + ".state";
}

StateOrigin StateOrigin::here(const std::string& pid_file) {
  StateOrigin origin{
      {}, pid_file, std::chrono::duration_cast<std::chrono::seconds>(process::uptime())};
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> origin.boot;
  return origin;
}

std::string wrapped_state(const StateOrigin& origin, std::string_view state) {
  return fmt::format("{}\n{}\n{}\n{}\n{:016x}\n{}", magic, origin.boot, origin.daemon,
                     origin.uptime.count(), checksum(state), state);
}

Result<std::string> unwrapped_state(std::string_view file, const StateOrigin& now) {
  if (take_line(file) != magic) return fail("it is of another version");
  if (take_line(file) != now.boot || now.boot.empty()) return fail("it is from before this boot");
  if (take_line(file) != now.daemon) return fail("it is of another daemon");
  const std::string_view uptime = take_line(file);
  std::int64_t saved = 0;
  const auto [end, error] = std::from_chars(uptime.data(), uptime.data() + uptime.size(), saved);
  if (error != std::errc{} || end != uptime.data() + uptime.size())
    return fail("its time is no number");
  // The bounds come first: foreign numbers do not overflow.
  if (saved < 0 || saved > now.uptime.count()) return fail("it is from the future");
  if (now.uptime.count() - saved > longest_state_age.count())
    return fail("it is older than {} s", longest_state_age.count());
  const std::string_view sum = take_line(file);
  if (sum != fmt::format("{:016x}", checksum(file))) return fail("it is damaged");
  return std::string{file};
}

Result<void> write_state(const std::string& path, const StateOrigin& origin,
                         std::string_view state) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const Fd file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file) return fail_errno(errno, "cannot make {}", fresh);
  auto written = write_all(file, wrapped_state(origin, state));
  if (written && ::rename(fresh.c_str(), path.c_str()) == 0) return {};
  const int why = errno;
  ::unlink(fresh.c_str());
  return fail_errno(written ? why : written.error().code, "cannot write {}", path);
}

Result<std::string> read_state(const std::string& path, const StateOrigin& now) {
  const Fd file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!file) return fail_errno(errno, "cannot read {}", path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      (status.st_uid != 0 && status.st_uid != ::geteuid()))
    return fail("{} is not a file of ours", path);
  if (std::cmp_greater(status.st_size, largest_state)) return fail("{} is too large", path);
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  auto state = unwrapped_state(content, now);
  if (!state) return fail("{} is not used: {}", path, state.error().what);
  return state;
}

}  // namespace holdfast
