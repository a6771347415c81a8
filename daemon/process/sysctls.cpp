#include "daemon/process/sysctls.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace holdfast::process {

std::optional<std::string> Sysctls::get(const std::string& path) const {
  const Fd file{::open((root_ + path).c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 64> text{};
  const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (size < 0) return std::nullopt;
  std::string value{text.data(), static_cast<std::size_t>(size)};
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

std::optional<std::string> Sysctls::original(const std::string& path) const {
  const auto known = originals_.find(path);
  return known == originals_.end() ? get(path) : known->second;
}

void Sysctls::set(const std::string& path, const std::string& value) {
  const auto present = get(path);
  if (!present) return;
  const Fd file{::open((root_ + path).c_str(), O_WRONLY | O_CLOEXEC)};
  const bool written =
      file && ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
  if (!written)
    log_.write(Event{
        Level::error, "sysctl",
        fail_errno(errno, "cannot set {} from {} to {}", path, *present, value).value().what});
}

void Sysctls::hold(Values wanted) {
  for (const auto& [path, value] : wanted) {
    const auto present = get(path);
    if (!present || present == value) continue;
    if (originals_.emplace(path, *present).second && ledger_.hold) ledger_.hold(path, *present);
    set(path, value);
  }
  // What a predecessor changed and nobody wants now goes back as well.
  for (auto known = originals_.begin(); known != originals_.end();) {
    if (wanted.contains(known->first)) {
      ++known;
      continue;
    }
    const auto ours = held_.find(known->first);
    if (ours == held_.end() || get(known->first) == ours->second) set(known->first, known->second);
    if (ledger_.release) ledger_.release(known->first);
    known = originals_.erase(known);
  }
  held_ = std::move(wanted);
}

}  // namespace holdfast::process
