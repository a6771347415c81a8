// Words that several blocks and line types share: names of interfaces and members, numbers in C
// notation, numbers that have names, prefixes, weights.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/config/schema.h"

namespace holdfast::vrrp {

/// @source linux/if.h IFNAMSIZ: names have at most 15 bytes
inline constexpr std::size_t longest_interface_name = 15;

/// The name of an interface. One that is too long is reported and nothing is returned.
std::optional<std::string> read_interface(const config::Statement&, std::size_t word,
                                          config::Reader&);
/// `static_routes NAME {`: words between a keyword and its value block mean nothing (warning).
void report_words_before_block(const config::Statement&, config::Reader&);

/// C notation: decimal, 0x and 0 prefixes; the whole text.
std::optional<std::uint64_t> c_number(std::string_view text);
/// A number 0..max in C notation. Reports what is not.
std::optional<std::uint64_t> read_c_number(const config::Statement&, std::size_t word,
                                           std::uint64_t max, config::Reader&);

/// A number that may have a name in one of iproute2's tables (rt_tables, rt_protos, rt_scopes...).
struct Id {
  std::uint32_t number = 0;
  std::string name;  ///< not empty: looked up in iproute2's files when it is used
  bool operator==(const Id&) const = default;
};
struct KnownId {
  std::string_view name;
  std::uint32_t number;
};
/// A number 0..max, a name of `known`, or another name that the files may have.
std::optional<Id> read_id(const config::Statement&, std::size_t word,
                          std::span<const KnownId> known, std::uint32_t max, config::Reader&);

/// `ADDRESS[/LENGTH]`; without a length it is one address.
struct Prefix {
  IpAddress address;
  std::uint8_t length = 0;
  auto operator<=>(const Prefix&) const = default;
};
std::optional<Prefix> parse_prefix(std::string_view text);

/// Whether a line stands in a static_... block, or in an instance, where it has no track_group.
enum class LineUse : std::uint8_t { fixed, instance };

/// `track_group NAME` in an instance means nothing.
void check_track_group(const std::string& group, LineUse use, const config::Statement& line,
                       config::Reader&);

}  // namespace holdfast::vrrp
