#include "daemon/key_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "daemon/base/fd.h"

namespace holdfast {
namespace {

using config::Statement;

constexpr std::string_view file_prefix{"file:"}, credential_prefix{"credential:"};
/// @source keepalived 2.4.0: keys have 32 to 64 bytes
constexpr std::size_t shortest_key = 32, longest_key = 64;

/// @source systemd.exec(5), LoadCredential=: the folder is ours alone
std::optional<std::string> path_of(std::string_view word) {
  if (word.starts_with(file_prefix)) return std::string{word.substr(file_prefix.size())};
  if (!word.starts_with(credential_prefix)) return std::nullopt;
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  const std::string_view name = word.substr(credential_prefix.size());
  if (folder == nullptr || name.find('/') != std::string_view::npos) return std::string{};
  return fmt::format("{}/{}", folder, name);
}

/// As hexadecimal digits. A line break at the end is the editor's.
Result<std::string> read_key(const std::string& path) {
  if (path.empty()) return fail("no such systemd credential (LoadCredential=)");
  const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0)
    return fail_errno(errno, "cannot read the key in {}", path);
  if (!S_ISREG(status.st_mode)) return fail("{} is not a regular file", path);
  if ((status.st_mode & (S_IROTH | S_IWOTH)) != 0)
    return fail("{} holds a key and everybody can read or change it: chmod 600", path);
  std::array<char, longest_key + 2> bytes{};
  const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
  std::size_t size = got > 0 ? static_cast<std::size_t>(got) : 0;
  if (size > 0 && bytes[size - 1] == '\n') --size;
  std::string digits;
  for (std::size_t i = 0; i < size; ++i)
    digits += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
  ::explicit_bzero(bytes.data(), bytes.size());
  if (size >= shortest_key && size <= longest_key) return digits;
  return fail("{} has {} bytes; a key has {}..{}", path, got > 0 ? got : 0, shortest_key,
              longest_key);
}

void place_key(config::Text& text, const Statement& key, config::Reader& reader) {
  if (key.keyword() != "key" || key.words.size() < 3) return;
  const std::string word{key.words[2].text};
  const auto path = path_of(word);
  if (!path) return;
  const auto digits = read_key(*path);
  if (!digits) return reader.error(key.place(2), digits.error().what);
  std::string line{text.lines[key.line].text};
  const std::size_t at = line.find(word, key.words[2].column - 1);
  if (at == std::string::npos)
    return reader.error(key.place(2), "the name of a key's file needs no escapes");
  line.replace(at, word.size(), "hex:" + *digits);
  text.lines[key.line].text = text.storage.keep(std::move(line));
}

}  // namespace

void place_keys(config::Text& text, std::span<const Statement> tree, config::Reader& reader) {
  for (const Statement& instance : tree) {
    if (instance.keyword() != "vrrp_instance") continue;
    for (const Statement& block : instance.children)
      if (block.keyword() == "auth_hmac")
        for (const Statement& key : block.children) place_key(text, key, reader);
  }
}

}  // namespace holdfast
