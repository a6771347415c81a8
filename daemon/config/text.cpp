// The wire form of a Text: a header line, the file names, then one record a line:
// `FILE NUMBER LENGTH\n` and the bytes of the line with a newline.
#include "daemon/config/text.h"

#include <array>
#include <charconv>
#include <iterator>

namespace holdfast::config {
namespace {

constexpr std::string_view magic = "holdfast-configuration 1\n";

/// Takes numbers and byte runs off the front of the serialized form.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_{bytes} {}

  bool literal(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  /// A decimal number and the one character after it.
  bool number(std::size_t& value, char terminator) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{} || end == rest_.data() + rest_.size() || *end != terminator)
      return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()) + 1);
    return true;
  }
  /// `size` bytes and the newline after them.
  bool bytes(std::size_t size, std::string_view& value) {
    if (size >= rest_.size() || rest_[size] != '\n') return false;
    value = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    return true;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool read_line(Cursor& cursor, std::size_t files, Line& line) {
  std::size_t file = 0;
  std::size_t number = 0;
  std::size_t size = 0;
  if (!cursor.number(file, ' ') || !cursor.number(number, ' ') || !cursor.number(size, '\n'))
    return false;
  if (file >= files || number > UINT32_MAX || size > max_line_length) return false;
  line.file = static_cast<std::uint32_t>(file);
  line.number = static_cast<std::uint32_t>(number);
  return cursor.bytes(size, line.text);
}

}  // namespace

std::string serialize(const Text& text) {
  std::string out{magic};
  constexpr std::size_t usual_numbers = 16;
  std::size_t size = 0;
  for (const Line& line : text.lines) size += line.text.size() + usual_numbers;
  out.reserve(size);
  fmt::format_to(std::back_inserter(out), "{}\n", text.files.size());
  for (const std::string& file : text.files)
    fmt::format_to(std::back_inserter(out), "{}\n{}\n", file.size(), file);
  fmt::format_to(std::back_inserter(out), "{}\n", text.lines.size());
  const auto append = [&out](std::uint64_t number, char terminator) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
    out += terminator;
  };
  for (const Line& line : text.lines) {
    append(line.file, ' ');
    append(line.number, ' ');
    append(line.text.size(), '\n');
    out += line.text;
    out += '\n';
  }
  return out;
}

Result<Text> parse_text(std::string owned) {
  Text text;
  const std::string_view bytes = text.storage.keep(std::move(owned));
  Cursor cursor{bytes};
  std::size_t count = 0;
  if (!cursor.literal(magic) || !cursor.number(count, '\n') || count > bytes.size())
    return fail("not an expanded configuration");
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t size = 0;
    std::string_view name;
    if (!cursor.number(size, '\n') || !cursor.bytes(size, name))
      return fail("the expanded configuration breaks off in its list of files");
    text.files.emplace_back(name);
  }
  if (!cursor.number(count, '\n') || count > max_lines || count > bytes.size())
    return fail("the expanded configuration has no line count");
  text.lines.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    if (!read_line(cursor, text.files.size(), text.lines.emplace_back()))
      return fail("the expanded configuration breaks off at line {} of {}", i + 1, count);
  if (!cursor.at_end()) return fail("the expanded configuration has bytes after its last line");
  return text;
}

}  // namespace holdfast::config
