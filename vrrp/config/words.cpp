#include "vrrp/config/words.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "vrrp/config/scripts.h"

namespace holdfast::vrrp {

using config::Reader;
using config::Statement;

void read_script_place(ScriptPlace& out, const Statement& statement, Reader& reader) {
  if (statement.words.size() < 2)
    reader.error(statement.place(), fmt::format("'{}' needs a command", statement.keyword()));
  else if (out)
    reader.warn(statement.place(),
                fmt::format("'{}' is already set; the first one stays", statement.keyword()));
  else
    out = statement.place();
}

std::optional<std::string> read_interface(const Statement& statement, std::size_t word,
                                          Reader& reader) {
  if (word >= statement.words.size()) return config::read_word(statement, word, reader);
  const std::string_view name = statement.words[word].text;
  if (!name.empty() && name.size() <= longest_interface_name) return std::string{name};
  reader.error(statement.place(word), fmt::format("'{}' is {} an interface name may be ({})", name,
                                                  name.empty() ? "shorter than" : "longer than",
                                                  name.empty() ? 1 : longest_interface_name));
  return std::nullopt;
}

void report_words_before_block(const Statement& statement, Reader& reader) {
  if (statement.words.size() < 2) return;
  reader.warn(statement.place(1), fmt::format("'{}' between '{}' and its '{{' is ignored",
                                              statement.words[1].text, statement.keyword()));
}

std::optional<std::uint64_t> c_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
  }
  std::uint64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, base);
  if (error != std::errc{} || end != last) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> read_c_number(const Statement& statement, std::size_t word,
                                           std::uint64_t max, Reader& reader) {
  if (word >= statement.words.size()) {
    reader.error(statement.end(), fmt::format("'{}' needs a number 0..{}, and nothing follows it",
                                              statement.keyword(), max));
    return std::nullopt;
  }
  const std::string_view text = statement.words[word].text;
  const auto value = c_number(text);
  if (value && *value <= max) return value;
  reader.warn(
      statement.place(word),
      value ? fmt::format("'{}' is {}, outside 0..{}", statement.keyword(), *value, max)
            : fmt::format("'{}' needs a number 0..{}, found '{}'", statement.keyword(), max, text));
  return std::nullopt;
}

std::optional<Id> read_id(const Statement& statement, std::size_t word,
                          std::span<const KnownId> known, std::uint32_t max, Reader& reader) {
  const std::string_view text =
      word < statement.words.size() ? std::string_view{statement.words[word].text} : "";
  const bool is_name = !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0;
  if (!is_name) {
    const auto number = read_c_number(statement, word, max, reader);
    return number ? std::optional{Id{static_cast<std::uint32_t>(*number), {}}} : std::nullopt;
  }
  const auto found = std::ranges::find(known, text, &KnownId::name);
  if (found != known.end()) return Id{found->number, {}};
  return Id{0, std::string{text}};
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Prefix{*address, address->bits()};
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, length);
  if (error != std::errc{} || end != last || length > address->bits()) return std::nullopt;
  return Prefix{*address, static_cast<std::uint8_t>(length)};
}

void check_track_group(const std::string& group, LineUse use, const Statement& line,
                       Reader& reader) {
  if (use == LineUse::instance && !group.empty())
    reader.warn(line.place(), fmt::format("'track_group {}' means nothing in an instance: the line "
                                          "follows the instance itself",
                                          group));
}

}  // namespace holdfast::vrrp
