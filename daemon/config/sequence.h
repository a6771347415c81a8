// `~SEQ(VAR, START, STEP, END) text`, `~SEQx`, `~LST(VAR, a, b) text` and
// `~LST({A, B}, {a1, b1}, {a2, b2}) text` (grammar.md 9). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/base/result.h"

namespace holdfast::config {

/// The numbers of ~SEQ, made one at a time: there may be many.
struct NumberSequence {
  std::int64_t start = 0, step = 1;
  std::uint64_t count = 0;
  bool hexadecimal = false;
  [[nodiscard]] std::string value(std::uint64_t index) const;
};
using ListSequence = std::vector<std::vector<std::string>>;  ///< a value for each variable

struct Sequence {
  std::vector<std::string> variables;
  std::variant<NumberSequence, ListSequence> values;

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::string value(std::uint64_t index, std::size_t variable) const;
};

/// Where the arguments of a line that is_sequence() stand: behind `(` and at the matching `)`.
struct SequenceArguments {
  std::size_t begin = 0, end = 0;
};
/// Error: no parenthesis, or none that closes it.
Result<SequenceArguments> find_sequence_arguments(std::string_view line);

/// @param keyword ~SEQ, ~SEQx or ~LST
/// @param arguments what stands between the parentheses, references replaced
Result<Sequence> parse_sequence(std::string_view keyword, std::string_view arguments);

}  // namespace holdfast::config
