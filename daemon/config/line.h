// One physical line: comments, conditions and what else the language itself reads before it knows
// any keyword (grammar.md 3, 8 to 10). Pure; expand.cpp reads the files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/config/text.h"

namespace holdfast::config {

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\n'); }
constexpr std::string_view without_trailing_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}
constexpr std::string_view without_leading_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}
/// What a definition's name is made of; it does not begin with a digit.
constexpr bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// Where the comment of a line begins: `#` or `!` outside double quotes, without a backslash before
/// it. npos: it has none.
std::size_t comment_begin(std::string_view line);

/// Removes a comment (`#` or `!` outside double quotes) and trailing blanks; `\#` and `\!` become
/// the bare character. What stays keeps its column: blanks are put in for removed backslashes
/// before the next word.
std::string without_comment(std::string_view line);

/// `@ID rest` and `@^ID rest`: blanks the condition out, so that columns stay.
/// @return false: the line is for another config_id
bool apply_condition(std::string& line, std::string_view config_id);

/// True for a line that says nothing to the language itself: it is for the tree as it stands, but
/// for blanks at its end. Quick; where in doubt it is false.
bool is_plain(std::string_view line);

/// What a comment says before the names of rules that it silences.
inline constexpr std::string_view ignore_words = "holdfast: ignore ";
/// `# holdfast: ignore RULE...` silences lint on its line, alone on a line on the next one: puts
/// the rules of a comment into Text::ignored.
void note_ignored(Text& text, std::string_view comment, std::uint32_t file, std::uint32_t line);

/// The first word of a line, in place.
std::string_view first_word(std::string_view line);

/// NAME of a definition `$NAME=VALUE` that begins the line; empty when it is none.
std::string_view definition_name(std::string_view line);

/// `~SEQ`, `~SEQx` or `~LST` where the line begins with it and a parenthesis; empty when it does
/// not.
std::string_view sequence_keyword(std::string_view line);

/// Where the text after a brace begins with something that is not for the tree: an include, a
/// definition, a sequence or a condition (`block { include file`). Nothing: no such text.
std::optional<std::size_t> directive_after_brace(std::string_view line);

}  // namespace holdfast::config
