// Each conversion reports its own error: what was expected, what was found, and where. Severity
// follows keepalived: where it would complain and run with its default, we warn.
#include "daemon/config/values.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "daemon/config/global.h"
#include "daemon/config/schema.h"

namespace holdfast::config {
namespace {

constexpr std::size_t longest_shown = 60;

std::string shown(std::string_view word) {
  return word.size() <= longest_shown ? fmt::format("'{}'", word)
                                      : fmt::format("'{}...'", word.substr(0, longest_shown));
}

/// @param expected makes the words for what is missing: only when it is
template <typename Expected>
const Word* argument(const Statement& statement, std::size_t word, const Expected& expected,
                     Reader& reader) {
  if (word < statement.words.size()) return &statement.words[word];
  reader.error(statement.end(), fmt::format("'{}' needs {}, and nothing follows it",
                                            statement.keyword(), expected()));
  return nullptr;
}

void note_surplus(const Statement& statement, std::size_t used, Reader& reader) {
  if (statement.words.size() <= used) return;
  reader.note(statement.place(used),
              fmt::format("{} after the value of '{}' is ignored",
                          shown(statement.words[used].text), statement.keyword()));
}

std::string expected_range(const Rule& rule) {
  const bool is_time = rule.kind == Rule::Kind::seconds;
  return fmt::format("{}..{}{}{}", rule.min, rule.max, is_time ? " " : "",
                     is_time ? rule.unit : "");
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A decimal number at the start of `text` and how many characters it took.
template <typename N>
std::optional<std::pair<N, std::size_t>> leading_number(std::string_view text) {
  const std::string_view number = text.substr(text.starts_with('+') ? 1 : 0);
  const bool has_sign = text.starts_with('+') || text.starts_with('-');
  // from_chars would also read "inf", "nan" and "+-1".
  const std::string_view digits = text.substr(has_sign ? 1 : 0);
  if (digits.empty() || (!is_digit(digits.front()) && digits.front() != '.')) return std::nullopt;
  N value{};
  const char* const last = number.data() + number.size();
  std::from_chars_result result{};
  if constexpr (std::is_floating_point_v<N>)
    result = std::from_chars(number.data(), last, value, std::chars_format::fixed);
  else
    result = std::from_chars(number.data(), last, value);
  if (result.ec != std::errc{}) return std::nullopt;
  return std::pair{value, static_cast<std::size_t>(result.ptr - text.data())};
}

/// `what` it is, for messages: "a whole number".
template <typename N>
std::optional<N> whole_word_number(const Statement& statement, std::size_t index, const Rule& rule,
                                   std::string_view what, Reader& reader) {
  const auto expected = [&] { return fmt::format("{} {}", what, expected_range(rule)); };
  const Word* found = argument(statement, index, expected, reader);
  if (found == nullptr) return std::nullopt;
  const std::string_view word = found->text;
  const auto parsed = leading_number<N>(word);
  if (parsed && parsed->second == word.size()) return parsed->first;
  std::string message =
      fmt::format("'{}' needs {}, found {}", statement.keyword(), expected(), shown(word));
  if (parsed)
    message += fmt::format(": remove {} after the number", shown(word.substr(parsed->second)));
  if (word.starts_with('$')) message += ": it is not defined before this line";
  const bool used = parsed && rule.lenient;
  message += used ? fmt::format("; {} is used", parsed->first) : "; the line is ignored";
  reader.warn(statement.place(index), std::move(message));
  return used ? std::optional{parsed->first} : std::nullopt;
}

template <typename N>
bool in_range(const Statement& statement, std::size_t index, const Rule& rule, N value,
              Reader& reader) {
  if (static_cast<double>(value) >= rule.min && static_cast<double>(value) <= rule.max) return true;
  reader.warn(statement.place(index),
              fmt::format("'{}' is {}, outside {}; the default stays", statement.keyword(), value,
                          expected_range(rule)));
  return false;
}

}  // namespace

std::optional<std::int64_t> read_number(const Statement& statement, std::size_t word,
                                        const Rule& rule, Reader& reader) {
  const auto value =
      whole_word_number<std::int64_t>(statement, word, rule, "a whole number", reader);
  if (!value || !in_range(statement, word, rule, *value, reader)) return std::nullopt;
  note_surplus(statement, word + 1, reader);
  return value;
}

std::optional<Duration> read_seconds(const Statement& statement, std::size_t word, const Rule& rule,
                                     Reader& reader) {
  const bool is_ms = rule.unit == "ms";
  const std::string_view what = is_ms ? "milliseconds" : "seconds";
  const auto value = whole_word_number<double>(statement, word, rule, what, reader);
  if (!value || !in_range(statement, word, rule, *value, reader)) return std::nullopt;
  note_surplus(statement, word + 1, reader);
  const std::size_t decimals = is_ms ? 3 : 6;
  const std::string_view text = statement.words[word].text;
  if (const auto point = text.find('.');
      text.size() > point + 1 + decimals && point != std::string_view::npos)
    reader.note(statement.place(word),
                fmt::format("'{}' is rounded to microseconds", statement.keyword()));
  // Microseconds, as keepalived stores them: 0.1 is 100,000 us and not 99,999,999.9 ns.
  return std::chrono::microseconds{std::llround(*value * (is_ms ? 1e3 : 1e6))};
}

std::optional<bool> read_boolean(const Statement& statement, const Rule& rule, Reader& reader) {
  if (rule.kind == Rule::Kind::present) {
    note_surplus(statement, 1, reader);
    return rule.value;
  }
  if (statement.words.size() < 2) return true;
  const std::string_view word = statement.words[1].text;
  note_surplus(statement, 2, reader);
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  reader.warn(statement.place(1),
              fmt::format("'{}' needs true, yes, on, false, no or off, found {}",
                          statement.keyword(), shown(word)));
  return std::nullopt;
}

std::optional<std::string> read_word(const Statement& statement, std::size_t word, Reader& reader) {
  const Word* found = argument(statement, word, [] { return "a word"; }, reader);
  if (found == nullptr) return std::nullopt;
  note_surplus(statement, word + 1, reader);
  return std::string{found->text};
}

std::optional<IpAddress> read_address(const Statement& statement, std::size_t word,
                                      Reader& reader) {
  const Word* found = argument(statement, word, [] { return "an IPv4 or IPv6 address"; }, reader);
  if (found == nullptr) return std::nullopt;
  // grammar.md 7: keepalived drops what follows the first '/' or '-' in silence.
  const std::size_t end = found->text.find_first_of("/-");
  const auto address = IpAddress::parse(std::string_view{found->text}.substr(0, end));
  if (address && end != std::string::npos)
    reader.note(statement.place(word),
                fmt::format("'{}' takes an address alone; {} is ignored", statement.keyword(),
                            shown(found->text.substr(end))));
  if (!address) {
    reader.warn(statement.place(word), fmt::format("'{}' needs an IPv4 or IPv6 address, found {}",
                                                   statement.keyword(), shown(found->text)));
    return std::nullopt;
  }
  note_surplus(statement, word + 1, reader);
  return address;
}

std::optional<std::size_t> read_choice(const Statement& statement, std::size_t word,
                                       const Rule& rule, Reader& reader) {
  const auto expected = [&] { return fmt::format("one of {}", fmt::join(rule.choices, ", ")); };
  const Word* found = argument(statement, word, expected, reader);
  if (found == nullptr) return std::nullopt;
  const std::string_view text = found->text;
  const auto position = std::ranges::find(rule.choices, text);
  if (position == rule.choices.end()) {
    reader.warn(statement.place(word),
                fmt::format("'{}' needs {}, found {}{}", statement.keyword(), expected(),
                            shown(text), did_you_mean(text, rule.choices)));
    return std::nullopt;
  }
  note_surplus(statement, word + 1, reader);
  return static_cast<std::size_t>(position - rule.choices.begin());
}

Composed with_argument(const Statement& statement, std::size_t word) {
  std::vector<Word> words{statement.words.front()};
  if (word < statement.words.size()) words.push_back(statement.words[word]);
  return {std::move(words), statement.line};
}

namespace {

/// What else may be meant by a word that no keyword is like.
std::string_view hint_for(std::string_view word, std::string_view block) {
  if (word.starts_with("//") || word.starts_with("/*") || word.starts_with(';'))
    return ": a comment begins with '#' or '!'";
  if (word.starts_with('$')) return ": nothing of that name is defined before it";
  return block.empty() ? ": it may belong between the '{' and '}' of a block" : "";
}

}  // namespace

void report_unknown(const Statement& statement, std::string_view block,
                    std::span<const std::string_view> known, Reader& reader) {
  // Suggestions are slow to find, and a foreign file may have a million unknown words.
  if (reader.diagnostics.is_full(Severity::warning)) return reader.warn(statement.place(), "");
  const std::string_view word = statement.keyword();
  if (!block.empty() && owner_of(word) != Owner::nobody)
    return reader.warn(
        statement.place(),
        fmt::format("{} stands at top level, not in {}: a '}}' may be missing before "
                    "it",
                    shown(word), block));
  const std::string where = block.empty() ? "at top level" : fmt::format("in {}", block);
  const std::string likely = did_you_mean(word, known);
  reader.warn(statement.place(), fmt::format("unknown keyword {} {}{}{}", shown(word), where,
                                             likely, likely.empty() ? hint_for(word, block) : ""));
}

void report_unsupported(const Statement& statement, Reader& reader) {
  reader.error(statement.place(),
               fmt::format("{} is not supported yet", shown(statement.keyword())));
}

bool report_missing_block(const Statement& statement, Reader& reader) {
  if (statement.has_block) return false;
  reader.warn(statement.place(),
              fmt::format("'{}' needs a block, and no '{{' follows it", statement.keyword()));
  return true;
}

void report_surplus_block(const Statement& statement, Reader& reader) {
  if (std::string_view{statement.words.back().text}.ends_with('$'))
    return reader.warn(
        statement.place(),
        fmt::format("'{}' is followed by '${{', which is not defined: what stands in "
                    "{{ }} is ignored",
                    statement.keyword()));
  reader.warn(statement.place(),
              fmt::format("'{}' has no block: what stands in {{ }} after it is ignored",
                          statement.keyword()));
}

namespace {

std::string number_text(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15 ? fmt::format("{:.0f}", value)
                                                              : fmt::format("{:g}", value);
}

}  // namespace

std::string detail::show_seconds(Duration value, std::string_view unit) {
  std::string text = fmt::format("{:.6f}", in_seconds(value) * (unit == "ms" ? 1e3 : 1));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string describe_arguments(const Rule& rule, std::string_view arguments) {
  if (!arguments.empty()) return std::string{arguments};
  const std::string range = fmt::format("{}-{}", number_text(rule.min), number_text(rule.max));
  switch (rule.kind) {
    case Rule::Kind::number:
      return rule.unit.empty() ? range : fmt::format("{} ({})", range, rule.unit);
    case Rule::Kind::seconds:
      return fmt::format("{} ({})", rule.unit == "ms" ? "MILLISECONDS" : "SECONDS", range);
    case Rule::Kind::boolean:
      return "[true|on|yes|false|off|no]";
    case Rule::Kind::word:
      return "WORD";
    case Rule::Kind::address:
      return "ADDRESS";
    case Rule::Kind::choice:
      return fmt::format("{}", fmt::join(rule.choices, "|"));
    case Rule::Kind::present:
    case Rule::Kind::none:
      return "";
  }
  return "";
}

}  // namespace holdfast::config
