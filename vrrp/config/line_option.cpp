#include "vrrp/config/line_option.h"

namespace holdfast::vrrp {

using config::Statement;
using config::Word;

std::size_t words_with_lock(std::span<const Word> rest) {
  return rest.size() > 1 && rest[1].text == "lock" ? 3 : 2;
}

std::size_t words_with_family(std::span<const Word> rest) {
  return rest.size() > 1 && (rest[1].text == "inet" || rest[1].text == "inet6") ? 3 : 2;
}

void report_unknown_option(const Statement& line, std::size_t word, std::string_view what,
                           std::span<const std::string_view> known, config::Reader& reader) {
  if (reader.diagnostics.is_full(config::Severity::warning))
    return reader.warn(line.place(word), "");
  const std::string_view text = line.words[word].text;
  reader.warn(line.place(word), fmt::format("unknown option '{}' of {}{}", text, what,
                                            config::did_you_mean(text, known)));
}

}  // namespace holdfast::vrrp
