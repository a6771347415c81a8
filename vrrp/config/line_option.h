// Lines such as `192.0.2.1/24 dev eth0 scope link`: a head, and options in any order. An option is
// a row of a table, as a keyword of a block is, and takes some of the words that follow it.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/config/schema.h"

namespace holdfast::vrrp {

/// How many words an option takes, itself included; `rest` begins with it.
using WordCount = std::size_t (*)(std::span<const config::Word> rest);

inline std::size_t one_word(std::span<const config::Word>) { return 1; }
inline std::size_t two_words(std::span<const config::Word>) { return 2; }
/// `mtu [lock] N`
std::size_t words_with_lock(std::span<const config::Word> rest);
/// `via [inet|inet6] ADDR`
std::size_t words_with_family(std::span<const config::Word> rest);
inline std::size_t all_words(std::span<const config::Word> rest) { return rest.size(); }

template <typename T>
struct LineOption {
  config::Row<T> row;
  WordCount words = nullptr;  ///< null: one for a bare keyword, two for others

  [[nodiscard]] std::size_t count(std::span<const config::Word> rest) const {
    if (words != nullptr) return words(rest);
    return row.rule.kind == config::Rule::Kind::present ? 1 : 2;
  }
};

/// Who says "not supported yet": each option that is not built, or the block around the line.
enum class Unbuilt : std::uint8_t { option, block };

/// What a line is, for its reader.
template <typename T>
struct LineKind {
  std::string_view what;  ///< in messages: "an address"
  std::span<const LineOption<T>> options;
  Unbuilt unbuilt = Unbuilt::option;
  /// Reads a word that is no option. @return the words taken; 0: unknown. Null: there are none.
  std::size_t (*other)(T&, const config::Statement&, std::size_t word, config::Reader&) = nullptr;
};

/// Reports a word that is no option, with the likely one (warning: keepalived goes on).
void report_unknown_option(const config::Statement& line, std::size_t word, std::string_view what,
                           std::span<const std::string_view> known, config::Reader& reader);

template <typename T>
void read_option(const LineOption<T>& option, T& target, const config::Statement& value,
                 Unbuilt unbuilt, config::Reader& reader) {
  if (option.row.source.ends_with("deprecated"))
    reader.note(value.place(),
                fmt::format("'{}' is deprecated: {}", value.keyword(), option.row.meaning));
  option.row.read(target, option.row, value, reader);
  if (!option.row.built && unbuilt == Unbuilt::option) config::report_unsupported(value, reader);
}

/// Reads the words of a line from `first` on.
template <typename T>
void read_options(const LineKind<T>& kind, T& target, const config::Statement& line,
                  std::size_t first, config::Reader& reader) {
  for (std::size_t word = first; word < line.words.size();) {
    const auto found = std::ranges::find_if(kind.options, [&](const LineOption<T>& option) {
      return option.row.keyword == line.words[word].text;
    });
    if (found != kind.options.end()) {
      const std::size_t taken =
          std::min(found->count(std::span{line.words}.subspan(word)), line.words.size() - word);
      read_option(*found, target, part_of(line, word, taken), kind.unbuilt, reader);
      word += taken;
      continue;
    }
    if (const std::size_t taken = kind.other ? kind.other(target, line, word, reader) : 0) {
      word += taken;
      continue;
    }
    std::vector<std::string_view> known;
    for (const LineOption<T>& option : kind.options) known.push_back(option.row.keyword);
    report_unknown_option(line, word++, kind.what, known, reader);
  }
}

/// `inet`, `inet6`. grammar.md 14: keepalived passes over the word behind it; here nothing is lost.
template <typename T>
void read_family(T& target, const config::Row<T>&, const config::Statement& option,
                 config::Reader& reader) {
  target.family = option.keyword() == "inet6" ? Family::ipv6 : Family::ipv4;
  reader.note(option.place(), fmt::format("keepalived passes over the word behind '{}'; here it "
                                          "counts",
                                          option.keyword()));
}

template <typename T>
void describe_options(std::span<const LineOption<T>> options, std::string_view block,
                      std::vector<config::KeywordInfo>& out) {
  for (const LineOption<T>& option : options)
    config::describe<T>(std::span{&option.row, 1}, block, out);
}

}  // namespace holdfast::vrrp
