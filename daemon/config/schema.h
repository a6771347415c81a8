// The schema machinery. A keyword is declared once, as a row of a table; parsing, ranges, error
// text, suggestions, the list of what is not supported yet and the manual are read from that row.
// See daemon/config/global.cpp for a table in use, values.h for the value types.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/diagnostic.h"
#include "daemon/config/tree.h"
#include "daemon/config/values.h"

namespace holdfast::config {

/// What a read function gets: where to report, and what the statement may contain.
struct Reader {
  Diagnostics& diagnostics;

  void error(Place place, std::string message) {
    diagnostics.add(Severity::error, place, std::move(message));
  }
  void warn(Place place, std::string message) {
    diagnostics.add(Severity::warning, place, std::move(message));
  }
  void note(Place place, std::string message) {
    diagnostics.add(Severity::note, place, std::move(message));
  }
};

/// One keyword of a block whose typed form is T.
template <typename T>
struct Row {
  std::string_view keyword;
  Rule rule;                   ///< what the arguments are; values.h
  std::string_view arguments;  ///< for the manual: "1-255", "{ ADDRESS ... }"
  std::string_view source;     ///< RFC section, kernel header, or "keepalived"
  std::string_view meaning;    ///< one sentence
  /// Reads the statement into T. Null: known by name, and "not supported yet".
  void (*read)(T&, const Row<T>&, const Statement&, Reader&) = nullptr;
  /// The value of a target as the file would have it; empty: not set. Null: `read` knows how.
  std::string (*show)(const T&, const Row<T>&) = nullptr;
  /// False: read and checked, and then "not supported yet", since nothing acts on it.
  bool built = true;

  /// `arguments` shows the block: "{ ADDRESS ... }".
  [[nodiscard]] constexpr bool takes_block() const {
    return arguments.find('{') != std::string_view::npos;
  }
  [[nodiscard]] constexpr bool is_value() const { return rule.kind != Rule::Kind::none; }
};

/// `field<&Instance::priority>("priority", Range{1, 255}, "RFC 9568 5.2.4", "Higher wins.")`.
/// The member's type chooses the conversion (values.h: read_value).
template <auto Member>
constexpr auto field(std::string_view keyword, Rule rule, std::string_view source,
                     std::string_view meaning) {
  return detail::make_field<Member>(keyword, rule, source, meaning);
}

/// The same for a member of a part: `part_field<&Check::timing, &Timing::retry>("retry", ...)`.
template <auto Part, auto Member>
constexpr auto part_field(std::string_view keyword, Rule rule, std::string_view meaning) {
  using T = decltype(detail::class_of(Part));
  return Row<T>{
      keyword,
      rule,
      {},
      "keepalived",
      meaning,
      [](T& target, const Row<T>& self, const Statement& statement, Reader& reader) {
        const auto inner = field<Member>(self.keyword, self.rule, self.source, self.meaning);
        inner.read(target.*Part, inner, statement, reader);
      },
      [](const T& target, const Row<T>& self) {
        const auto inner = field<Member>(self.keyword, self.rule, self.source, self.meaning);
        return inner.show(target.*Part, inner);
      }};
}

/// A keyword with a reading function of its own (blocks, lists, odd syntax).
template <typename T>
constexpr Row<T> row(std::string_view keyword, std::string_view arguments, std::string_view source,
                     std::string_view meaning,
                     void (*read)(T&, const Row<T>&, const Statement&, Reader&)) {
  return {keyword, Rule{}, arguments, source, meaning, read};
}

/// `pending(field<...>(...))`: read into its type, and answered with "not supported yet". The issue
/// that builds it takes the word away.
template <typename T>
constexpr Row<T> pending(Row<T> row) {
  row.built = false;
  return row;
}

/// Known and not read yet. The issue that builds it turns this into a field or a row.
template <typename T>
constexpr Row<T> later(std::string_view keyword, std::string_view arguments,
                       std::string_view meaning) {
  return {keyword, Rule{}, arguments, "keepalived", meaning, nullptr};
}

/// The closest of `known` to `word`, or empty when nothing is near (Damerau-Levenshtein <= 1/3).
std::string_view closest(std::string_view word, std::span<const std::string_view> known);
/// " (did you mean 'x'?)" or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

/// Reads every statement of a block with its table. Unknown keywords and unsupported ones are
/// reported and skipped. `block` names it in messages: "vrrp_instance".
template <typename T>
void read_block(std::span<const Row<T>> schema, T& target, std::span<const Statement> statements,
                std::string_view block, Reader& reader) {
  for (const Statement& statement : statements) {
    const Row<T>* found = nullptr;
    for (const Row<T>& candidate : schema)
      if (candidate.keyword == statement.keyword()) {
        found = &candidate;
        break;
      }
    if (found == nullptr) {
      std::vector<std::string_view> known;
      for (const Row<T>& candidate : schema) known.push_back(candidate.keyword);
      report_unknown(statement, block, known, reader);
    } else if (found->read == nullptr) {
      report_unsupported(statement, reader);
    } else if (!found->takes_block() || !report_missing_block(statement, reader)) {
      if (found->is_value() && statement.has_block) report_surplus_block(statement, reader);
      found->read(target, *found, statement, reader);
      if (!found->built) report_unsupported(statement, reader);
    }
  }
}

/// One keyword as documentation and tests see it, whatever its block.
struct KeywordInfo {
  std::string block;  ///< path as in keywords.tsv: "virtual_server/real_server"
  std::string keyword;
  std::string arguments;  ///< "1-255", "SECONDS (0.01-40.95)", "{ ADDRESS ... }"
  std::string source, meaning;
  bool supported = false;
  /// As the file would have it; "(set)": the bare keyword; empty: none.
  std::string default_value{};
  Rule rule{};  ///< what its arguments are
};

/// What may stand behind a keyword, in words.
std::string describe_arguments(const Rule& rule, std::string_view arguments);

/// Appends the rows of one table as KeywordInfo.
template <typename T>
void describe(std::span<const Row<T>> schema, std::string_view block,
              std::vector<KeywordInfo>& out) {
  for (const Row<T>& row : schema)
    out.push_back({std::string{block}, std::string{row.keyword},
                   describe_arguments(row.rule, row.arguments), std::string{row.source},
                   std::string{row.meaning}, row.read != nullptr && row.built,
                   row.show == nullptr ? "" : row.show(T{}, row), row.rule});
}

}  // namespace holdfast::config
