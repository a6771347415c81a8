#include "daemon/config/track_file.h"

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <vector>

namespace holdfast::config {

void read_weight(Weight& out, const Statement& statement, std::int16_t most, Reader& reader) {
  const bool reverse = statement.words.size() > 2 && statement.words[2].text == "reverse";
  std::vector<Word> words{statement.words.begin(), statement.words.end()};
  if (reverse) words.erase(words.begin() + 2);
  const Composed value{std::move(words), statement.line};
  const auto number = read_number(value, 1, Range{-1.0 * most, 1.0 * most}, reader);
  if (number) out = {static_cast<std::int16_t>(*number), reverse};
}

namespace {

void read_file(TrackFile& file, const Row<TrackFile>&, const Statement& statement, Reader& reader) {
  const auto path = read_word(statement, 1, reader);
  if (!path) return;
  if (file.file.empty()) {
    file.file = *path;
    file.file_place = statement.place();
  } else {
    reader.warn(statement.place(), "'file' is already set; the first one stays");
  }
}

/// `init_file [VALUE] [overwrite]`
void read_init_file(TrackFile& file, const Row<TrackFile>& self, const Statement& statement,
                    Reader& reader) {
  InitFile& init = file.init.emplace();
  Statement value = statement;
  if (value.words.size() > 1 && value.words.back().text == "overwrite") {
    init.overwrite = true;
    value.words = value.words.first(value.words.size() - 1);
  }
  if (value.words.size() < 2) return;
  if (const auto number = read_number(value, 1, self.rule, reader))
    init.value = static_cast<std::int32_t>(*number);
}

constexpr std::array file_schema{
    row<TrackFile>("file", "PATH", "keepalived", "File that holds a number.", read_file),
    weight_row<TrackFile, 254>(
        "-254-254 [reverse]",
        "The number is multiplied by it; with 0 a number other than 0 means FAULT."),
    Row<TrackFile>{"init_file", Range{-2'147'483'648.0, 2'147'483'647.0}, "[VALUE] [overwrite]",
                   "keepalived", "Writes VALUE (0) when the file is missing, or at every start.",
                   read_init_file},
};

}  // namespace

std::span<const Row<TrackFile>> track_file_schema() { return file_schema; }

bool is_track_file(std::string_view keyword) {
  return keyword == "track_file" || keyword == "vrrp_track_file";
}

std::int32_t number_in_file(std::string_view content) {
  while (!content.empty() && std::isspace(static_cast<unsigned char>(content.front())) != 0)
    content.remove_prefix(1);
  const bool negative = content.starts_with('-');
  if (negative || content.starts_with('+')) content.remove_prefix(1);
  int base = 10;
  if ((content.starts_with("0x") || content.starts_with("0X")) && content.size() > 2 &&
      std::isxdigit(static_cast<unsigned char>(content[2])) != 0) {
    base = 16;
    content.remove_prefix(2);
  } else if (content.starts_with('0')) {
    base = 8;
  }
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(content.data(), content.data() + content.size(), value, base);
  if (error == std::errc::invalid_argument) return 0;
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int32_t>::min();
  const auto bound = static_cast<std::uint64_t>(negative ? -least : most);
  if (error == std::errc::result_out_of_range || value > bound) value = bound;
  const auto magnitude = static_cast<std::int64_t>(value);
  return static_cast<std::int32_t>(negative ? -magnitude : magnitude);
}

}  // namespace holdfast::config
