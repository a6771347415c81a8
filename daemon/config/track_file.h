// track_file: a file that holds a number, for vrrp instances and for FILE_CHECK.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/config/schema.h"

namespace holdfast::config {

/// What a tracker adds to a priority (runtime.md 9.1 of the reference).
struct Weight {
  std::int16_t value = 0;  ///< -254..254; 0: bad means FAULT
  bool reverse = false;    ///< good and bad change places
  bool operator==(const Weight&) const = default;
};
/// `WEIGHT [reverse]` behind a keyword, -most..most.
void read_weight(Weight& out, const Statement&, std::int16_t most, Reader&);

template <typename T, std::int16_t Most>
void read_own_weight(T& target, const Row<T>&, const Statement& statement, Reader& reader) {
  read_weight(target.weight, statement, Most, reader);
}
template <typename T>
std::string show_own_weight(const T& target, const Row<T>&) {
  return fmt::format("{}{}", target.weight.value, target.weight.reverse ? " reverse" : "");
}
/// A row whose default can be shown.
template <typename T, std::int16_t Most>
constexpr Row<T> weight_row(std::string_view arguments, std::string_view meaning) {
  Row<T> made = row<T>("weight", arguments, "keepalived", meaning, read_own_weight<T, Most>);
  made.show = show_own_weight<T>;
  return made;
}

/// What init_file writes when the file is missing.
struct InitFile {
  std::int32_t value = 0;
  bool overwrite = false;  ///< also when the file is there
  bool operator==(const InitFile&) const = default;
};

/// track_file: a number in a file, multiplied by the weight.
struct TrackFile {
  std::string name;
  Place place;       ///< of the block
  Place file_place;  ///< of the keyword: what the supervisor is asked to watch
  std::string file;  ///< path; never empty after reading
  Weight weight{1};  ///< -254..254; 0: a number other than 0 is a failure
  std::optional<InitFile> init;
};

std::span<const Row<TrackFile>> track_file_schema();
/// `track_file`, or its old spelling.
bool is_track_file(std::string_view keyword);

/// The number at the beginning of a file, in C notation (0x and 0 prefixes); 0 without one.
/// Numbers beyond 32 bits are cut to them.
std::int32_t number_in_file(std::string_view content);

}  // namespace holdfast::config
