#include "vrrp/linux/process_folder.h"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <charconv>
#include <memory>

#include "daemon/base/fd.h"

namespace holdfast::vrrp {
namespace {

/// Of a command line: what is longer is not what anybody writes into a configuration.
constexpr std::size_t most_bytes = 32 * 1024;

bool is_for_want(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

/// The beginning of a file; nothing when it is not there.
Result<std::optional<std::string>> beginning_of(const std::filesystem::path& path,
                                                std::size_t most) {
  const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (!file && is_for_want(errno)) return fail_errno(errno, "cannot open {}", path.string());
  if (!file) return std::nullopt;
  std::string text(most, '\0');
  std::size_t size = 0;
  while (size < most) {
    const ssize_t got = ::read(file.get(), text.data() + size, most - size);
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return std::optional{std::move(text)};
}

std::optional<ProcessId> number_in(std::string_view name) {
  ProcessId pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

}  // namespace

Result<std::vector<ProcessId>> ProcessFolder::list() const {
  std::vector<ProcessId> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder{::opendir(path_.c_str()), ::closedir};
  if (!folder) return fail_errno(errno, "cannot read {}", path_.string());
  while (const dirent* entry = ::readdir(folder.get()))
    if (const auto pid = number_in(entry->d_name)) all.push_back(*pid);
  return all;
}

Result<std::optional<ProcessImage>> ProcessFolder::look(ProcessId pid, bool arguments) const {
  constexpr std::size_t enough_for_the_state = 128;
  const auto folder = path_ / std::to_string(pid);
  const auto text = beginning_of(folder / "stat", enough_for_the_state);
  if (!text) return tl::make_unexpected(text.error());
  const auto stat = *text ? parse_process_stat(**text) : std::nullopt;
  if (!stat || stat->state == 'Z' || stat->state == 'X') return std::nullopt;
  ProcessImage image{stat->name, {}};
  if (arguments) {
    const auto line = beginning_of(folder / "cmdline", most_bytes);
    if (!line) return tl::make_unexpected(line.error());
    if (*line) image.arguments = parse_command_line(**line);
  }
  return std::optional{std::move(image)};
}

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  // A name may have brackets and blanks in it.
  const std::size_t begin = text.find('(');
  const std::size_t end = text.rfind(')');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin ||
      text.size() < end + 3)
    return std::nullopt;
  return ProcessStat{std::string{text.substr(begin + 1, end - begin - 1)}, text[end + 2]};
}

std::vector<std::string> parse_command_line(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace holdfast::vrrp
