#include "daemon/key_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "daemon/base/fd.h"
#include "daemon/base/hex.h"

namespace holdfast {
namespace {

using config::Statement;

constexpr std::string_view file_prefix{"file:"}, credential_prefix{"credential:"};
/// @source keepalived 2.4.0: keys have 32 to 64 bytes
constexpr std::size_t shortest_key = 32, longest_key = 64;
/// A key of RSA with 16384 bits has 13 KiB in PEM.
constexpr std::size_t longest_tls_key = 64 * 1024;

/// @source systemd.exec(5), LoadCredential=: the folder is ours alone
std::optional<std::string> path_of(std::string_view word) {
  if (word.starts_with(file_prefix)) return std::string{word.substr(file_prefix.size())};
  if (!word.starts_with(credential_prefix)) return std::nullopt;
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  const std::string_view name = word.substr(credential_prefix.size());
  if (folder == nullptr || name.find('/') != std::string_view::npos) return std::string{};
  return fmt::format("{}/{}", folder, name);
}

/// The beginning of a secret file, up to `most` bytes.
Result<std::string> read_secret(const std::string& path, std::size_t most) {
  const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0)
    return fail_errno(errno, "cannot read the key in {}", path);
  if (!S_ISREG(status.st_mode)) return fail("{} is not a regular file", path);
  if ((status.st_mode & (S_IROTH | S_IWOTH)) != 0)
    return fail("{} holds a key and everybody can read or change it: chmod 600", path);
  std::string bytes(most, '\0');
  const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

/// As hexadecimal digits. A line break at the end is the editor's.
Result<std::string> read_key(const std::string& path) {
  if (path.empty()) return fail("no such systemd credential (LoadCredential=)");
  auto bytes = read_secret(path, longest_key + 2);
  if (!bytes) return bytes;
  const std::size_t all = bytes->size();
  if (bytes->ends_with('\n')) bytes->pop_back();
  const std::size_t size = bytes->size();
  std::string digits = to_hex(*bytes);
  ::explicit_bzero(bytes->data(), bytes->size());
  if (size >= shortest_key && size <= longest_key) return digits;
  return fail("{} has {} bytes; a key has {}..{}", path, all, shortest_key, longest_key);
}

/// Writes `by` in the place of a word.
void replace_word(config::Text& text, const Statement& statement, std::size_t word,
                  const std::string& by, config::Reader& reader) {
  const std::string old{statement.words[word].text};
  std::string line{text.lines[statement.line].text};
  const std::size_t at = line.find(old, statement.words[word].column - 1);
  if (at == std::string::npos)
    return reader.error(statement.place(word), "the name of a key's file needs no escapes");
  line.replace(at, old.size(), by);
  text.lines[statement.line].text = text.storage.keep(std::move(line));
}

void place_key(config::Text& text, const Statement& key, config::Reader& reader) {
  if (key.keyword() != "key" || key.words.size() < 3) return;
  const std::string word{key.words[2].text};
  const auto path = path_of(word);
  if (!path) return;
  const auto digits = read_key(*path);
  if (!digits) return reader.error(key.place(2), digits.error().what);
  replace_word(text, key, 2, "hex:" + *digits, reader);
}

/// The private key of a TLS client.
void place_tls_key(config::Text& text, const Statement& block, std::string_view keyword,
                   config::Reader& reader) {
  for (const Statement& line : block.children) {
    if (line.keyword() != keyword || line.words.size() < 2) continue;
    auto key = read_secret(std::string{line.words[1].text}, longest_tls_key);
    if (!key)
      reader.error(line.place(1), key.error().what);
    else if (key->size() == longest_tls_key)
      reader.error(line.place(1), fmt::format("{} is too large for a key", line.words[1].text));
    else
      replace_word(text, line, 1, "hex:" + to_hex(*key), reader);
    if (key) ::explicit_bzero(key->data(), key->size());
  }
}

template <typename Use>
void for_each_child(std::span<const Statement> tree, std::string_view parent,
                    std::string_view child, const Use& use) {
  for (const Statement& outer : tree) {
    if (outer.keyword() != parent) continue;
    for (const Statement& inner : outer.children)
      if (inner.keyword() == child) use(inner);
  }
}

}  // namespace

void place_keys(config::Text& text, std::span<const Statement> tree, config::Reader& reader) {
  for (const Statement& block : tree)
    if (block.keyword() == "SSL") place_tls_key(text, block, "key", reader);
  for_each_child(tree, "vrrp_instance", "auth_hmac", [&](const Statement& block) {
    for (const Statement& key : block.children) place_key(text, key, reader);
  });
  for_each_child(tree, "virtual_server", "real_server", [&](const Statement& server) {
    for (const Statement& check : server.children) place_tls_key(text, check, "tls_key", reader);
  });
}

}  // namespace holdfast
