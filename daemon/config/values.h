// Values of keywords: what an argument may be (Rule) and how it becomes a C++ value (read_value).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/tree.h"

namespace holdfast::config {

struct Reader;
template <typename T>
struct Row;

/// What the argument of a keyword may be. One of the makers below fills it.
struct Rule {
  enum class Kind : std::uint8_t {
    none,     ///< read by a function of the row
    number,   ///< integer min..max
    seconds,  ///< decimal seconds (unit "ms": milliseconds) min..max into a Duration
    present,  ///< a bare keyword: true
    boolean,  ///< [true|on|yes|false|off|no]; bare means true
    word,     ///< any one word
    address,  ///< IPv4 or IPv6 address
    choice,   ///< one of `choices`, in the order of the enumeration
  };
  Kind kind = Kind::none;
  double min = 0;
  double max = 0;
  std::string_view unit{};
  std::span<const std::string_view> choices{};
  bool value = true;     ///< for `present`: what the bare keyword sets
  bool lenient = false;  ///< number, seconds: junk after the number is reported, the number used
};

struct Range : Rule {
  constexpr Range(double low, double high, std::string_view u = {})
      : Rule{u == "s" || u == "ms" ? Kind::seconds : Kind::number, low, high, u, {}, true} {}
};
/// keepalived uses `3x` as 3 for the numbers of global_defs, and rejects it elsewhere.
constexpr Rule lenient(Rule rule) {
  rule.lenient = true;
  return rule;
}
/// Bare keyword; `Switch{false}` for a keyword that turns something off (nopreempt).
struct Switch : Rule {
  constexpr explicit Switch(bool sets = true) : Rule{Kind::present, 0, 0, {}, {}, sets} {}
};
struct Boolean : Rule {
  constexpr Boolean() : Rule{Kind::boolean, 0, 0, {}, {}, true} {}
};
struct AnyWord : Rule {
  constexpr AnyWord() : Rule{Kind::word, 0, 0, {}, {}, true} {}
};
struct Address : Rule {
  constexpr Address() : Rule{Kind::address, 0, 0, {}, {}, true} {}
};
/// The words of an enumeration, in the order of its values 0, 1, 2...
struct Choice : Rule {
  constexpr explicit Choice(std::span<const std::string_view> words)
      : Rule{Kind::choice, 0, 0, {}, words, true} {}
};

// Conversions of one argument. Each reports its own error (place, expected, found) and then
// returns nothing. `word` is the index of the argument, 1 for the first after the keyword.
std::optional<std::int64_t> read_number(const Statement&, std::size_t word, const Rule&, Reader&);
std::optional<Duration> read_seconds(const Statement&, std::size_t word, const Rule&, Reader&);
std::optional<bool> read_boolean(const Statement&, const Rule&, Reader&);
std::optional<std::string> read_word(const Statement&, std::size_t word, Reader&);
std::optional<IpAddress> read_address(const Statement&, std::size_t word, Reader&);
std::optional<std::size_t> read_choice(const Statement&, std::size_t word, const Rule&, Reader&);

/// The keyword with one of its arguments as the only one: for lists of values.
Composed with_argument(const Statement&, std::size_t word);

/// Reports a keyword that the block does not have, with the likely meant one (warning: keepalived
/// ignores the line and runs).
void report_unknown(const Statement&, std::string_view block,
                    std::span<const std::string_view> known, Reader&);
/// Reports "'x' is not supported yet" (error).
void report_unsupported(const Statement&, Reader&);
/// Reports a statement whose '{' is missing (warning: keepalived goes on). @return true if so
bool report_missing_block(const Statement&, Reader&);
/// Reports a '{' behind a keyword that has none; the block is ignored, as the keyword's own line
/// can be read without it.
void report_surplus_block(const Statement&, Reader&);

namespace detail {

template <typename T>
struct Unwrapped {
  using type = T;
};
template <typename T>
struct Unwrapped<std::optional<T>> {
  using type = T;
};

template <typename M>
std::optional<M> read_value(const Statement& statement, const Rule& rule, Reader& reader) {
  if constexpr (std::is_same_v<M, bool>) {
    return read_boolean(statement, rule, reader);
  } else if constexpr (std::is_same_v<M, Duration>) {
    return read_seconds(statement, 1, rule, reader);
  } else if constexpr (std::is_same_v<M, std::string>) {
    return read_word(statement, 1, reader);
  } else if constexpr (std::is_same_v<M, IpAddress>) {
    return read_address(statement, 1, reader);
  } else if constexpr (std::is_enum_v<M>) {
    const auto index = read_choice(statement, 1, rule, reader);
    return index ? std::optional{static_cast<M>(*index)} : std::nullopt;
  } else {
    static_assert(std::is_integral_v<M>);
    const auto number = read_number(statement, 1, rule, reader);
    return number ? std::optional{static_cast<M>(*number)} : std::nullopt;
  }
}

std::string show_seconds(Duration value, std::string_view unit);

template <typename M>
std::string show_value(const M& value, const Rule& rule) {
  if constexpr (std::is_same_v<M, bool>) {
    if (rule.kind == Rule::Kind::present) return value == rule.value ? "(set)" : "";
    return value ? "yes" : "no";
  } else if constexpr (std::is_same_v<M, Duration>) {
    return show_seconds(value, rule.unit);
  } else if constexpr (std::is_same_v<M, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<M, IpAddress>) {
    return value.to_string();
  } else if constexpr (std::is_enum_v<M>) {
    const auto index = static_cast<std::size_t>(value);
    return index < rule.choices.size() ? std::string{rule.choices[index]} : std::string{};
  } else {
    return std::to_string(value);
  }
}

template <typename T, typename M>
T class_of(M T::*);
template <typename T, typename M>
M member_of(M T::*);

template <auto Member>
constexpr auto make_field(std::string_view keyword, Rule rule, std::string_view source,
                          std::string_view meaning) {
  using T = decltype(class_of(Member));
  using M = typename Unwrapped<decltype(member_of(Member))>::type;
  return Row<T>{keyword,
                rule,
                {},
                source,
                meaning,
                [](T& target, const Row<T>& row, const Statement& statement, Reader& reader) {
                  if (auto value = read_value<M>(statement, row.rule, reader))
                    target.*Member = std::move(*value);
                },
                [](const T& target, const Row<T>& row) {
                  if constexpr (std::is_same_v<decltype(member_of(Member)), std::optional<M>>)
                    return target.*Member ? show_value(*(target.*Member), row.rule) : std::string{};
                  else
                    return show_value(target.*Member, row.rule);
                }};
}

}  // namespace detail
}  // namespace holdfast::config
