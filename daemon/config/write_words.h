// The words of a statement as a line again: what both writers (write.h) begin with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daemon/config/text.h"
#include "daemon/config/tree.h"

namespace holdfast::config {

using Words = std::span<const Word>;

/// Scripts tell these inside quotes from those outside (command.h).
constexpr bool is_for_scripts(std::string_view word) {
  return word.find_first_of("'\\") != std::string_view::npos;
}
/// True when a word stands for itself only in quotes.
bool needs_quotes(std::string_view word);
/// The words as the line `number` of the text has them where their blanks count, else with single
/// blanks between them, and quotes where they count.
std::string line_of(Words words, std::uint32_t number, const Text& text);
/// The same words, and the same quotes where scripts see them.
bool same_words(Words a, Words b);

}  // namespace holdfast::config
