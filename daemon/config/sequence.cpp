#include "daemon/config/sequence.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "daemon/config/line.h"

namespace holdfast::config {
namespace {

/// @source ours: far from the ends, so that no sum of three overflows
constexpr std::int64_t largest_number = std::int64_t{1} << 40;

std::string_view trimmed(std::string_view text) {
  return without_leading_blanks(without_trailing_blanks(text));
}

/// The parts between commas that stand outside braces.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}') --depth;
    if (text[i] != ',' || depth > 0) continue;
    parts.push_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  parts.push_back(trimmed(text.substr(begin)));
  return parts;
}

Result<std::string> variable_of(std::string_view text) {
  const bool good = !text.empty() && (text[0] < '0' || text[0] > '9') &&
                    std::ranges::all_of(text, is_name_character);
  if (!good) return fail("'{}' is no name: letters, digits and _", text);
  return std::string{text};
}

/// grammar.md 9: the base as in C, so 0x10 and 010 mean 16 and 8.
Result<std::int64_t> number_of(std::string_view text) {
  const std::string digits{text};
  char* end = nullptr;
  errno = 0;
  const long long value = std::strtoll(digits.c_str(), &end, 0);
  if (digits.empty() || *end != '\0') return fail("'{}' is not a whole number", text);
  if (errno != 0 || value > largest_number || value < -largest_number)
    return fail("'{}' is out of range", text);
  return value;
}

Result<Sequence> numbers(const std::vector<std::string_view>& parts, bool hexadecimal) {
  if (parts.size() < 2 || parts.size() > 4)
    return fail("expected (NAME, [START,] [STEP,] END), found {} parts", parts.size());
  auto name = variable_of(parts[0]);
  if (!name) return tl::make_unexpected(name.error());
  std::vector<std::int64_t> given;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto number = number_of(parts[i]);
    if (!number) return tl::make_unexpected(number.error());
    given.push_back(*number);
  }
  const std::int64_t end = given.back();
  NumberSequence sequence;
  sequence.hexadecimal = hexadecimal;
  sequence.start = given.size() > 1 ? given.front() : (end < 0 ? -1 : 1);
  sequence.step = given.size() == 3 ? given[1] : (end < sequence.start ? -1 : 1);
  const std::int64_t distance = end - sequence.start;
  if (sequence.step == 0 || (distance != 0 && (distance < 0) != (sequence.step < 0)))
    return fail("in steps of {} no number leads from {} to {}", sequence.step, sequence.start, end);
  sequence.count = static_cast<std::uint64_t>(distance / sequence.step) + 1;
  return Sequence{{std::move(*name)}, sequence};
}

/// `{a, b}` as its members; anything else as the one member that it is.
std::vector<std::string_view> members(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return {text};
  return split(text.substr(1, text.size() - 2));
}

Result<Sequence> list(const std::vector<std::string_view>& parts) {
  if (parts.size() < 2) return fail("expected (NAME, VALUE, ...)");
  Sequence sequence;
  for (const std::string_view part : members(parts[0])) {
    auto name = variable_of(part);
    if (!name) return tl::make_unexpected(name.error());
    sequence.variables.push_back(std::move(*name));
  }
  ListSequence rows;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto values = members(parts[i]);
    if (values.size() > sequence.variables.size())
      return fail("'{}' has {} values for {} names", parts[i], values.size(),
                  sequence.variables.size());
    auto& row = rows.emplace_back(values.begin(), values.end());
    row.resize(sequence.variables.size());  // grammar.md 9: missing members are empty
  }
  sequence.values = std::move(rows);
  return sequence;
}

}  // namespace

std::string NumberSequence::value(std::uint64_t index) const {
  const std::int64_t number = start + step * static_cast<std::int64_t>(index);
  return hexadecimal ? fmt::format("{:x}", number) : fmt::format("{}", number);
}

std::uint64_t Sequence::size() const {
  if (const auto* numbers = std::get_if<NumberSequence>(&values)) return numbers->count;
  return std::get<ListSequence>(values).size();
}

std::string Sequence::value(std::uint64_t index, std::size_t variable) const {
  if (const auto* numbers = std::get_if<NumberSequence>(&values)) return numbers->value(index);
  return std::get<ListSequence>(values)[index][variable];
}

Result<SequenceArguments> find_sequence_arguments(std::string_view line) {
  const std::size_t open = line.find('(');
  if (open == std::string_view::npos) return fail("'(' is missing");
  int depth = 0;
  for (std::size_t i = open; i < line.size(); ++i) {
    if (line[i] == '(') ++depth;
    if (line[i] == ')' && --depth == 0) return SequenceArguments{open + 1, i};
  }
  return fail("')' is missing");
}

Result<Sequence> parse_sequence(std::string_view keyword, std::string_view arguments) {
  const auto parts = split(arguments);
  return keyword == "~LST" ? list(parts) : numbers(parts, keyword == "~SEQx");
}

}  // namespace holdfast::config
