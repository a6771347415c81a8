#include "vrrp/config/address_line.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace holdfast::vrrp {
namespace {

using config::Reader;
using config::Statement;

/// @source linux/if.h IFNAMSIZ: names have at most 15 bytes
constexpr std::size_t longest_interface_name = 15;

struct Scope {
  std::string_view name;
  std::uint8_t value;
};
/// @source linux/rtnetlink.h rt_scope_t
constexpr std::array scopes{Scope{"global", 0}, Scope{"site", 200}, Scope{"link", 253},
                            Scope{"host", 254}, Scope{"nowhere", 255}};

/// Options that take no value, then those that take one.
constexpr std::array<std::string_view, 7> later_flags{
    "home", "-nodad", "mngtmpaddr", "noprefixroute", "autojoin", "no_track", "use_vmac"};
constexpr std::array<std::string_view, 3> later_options{"peer", "preferred_lft", "track_group"};
constexpr std::array<std::string_view, 5> options{"dev", "scope", "label", "brd", "broadcast"};

std::optional<std::uint8_t> read_prefix(std::string_view text, std::uint8_t bits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > bits) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

/// `10.0.0.1/255.255.255.0`: people write it; say what they meant.
std::string suggestion_for(std::string_view prefix) {
  const auto mask = IpAddress::parse(prefix);
  if (!mask || !mask->is_v4()) return "";
  const std::uint32_t bits = mask->host_order();
  const int length = __builtin_popcount(bits);
  const bool contiguous = length == 0 || bits == ~std::uint32_t{0} << (32 - length);
  return contiguous ? fmt::format(" (did you mean '/{}'?)", length) : "";
}

bool read_head(VirtualAddress& out, const Statement& line, Reader& reader) {
  const std::string_view word = line.keyword();
  const std::size_t slash = word.find('/');
  const auto address = IpAddress::parse(word.substr(0, slash));
  if (!address) {
    reader.warn(line.place(), fmt::format("'{}' is not an address; the line is skipped", word));
    return false;
  }
  if (address->is_v6()) {
    reader.error(line.place(), "IPv6 virtual addresses are not supported yet");
    return false;
  }
  out.address = *address;
  out.prefix_length = address->bits();
  if (slash == std::string_view::npos) return true;
  const std::string_view prefix = word.substr(slash + 1);
  if (const auto length = read_prefix(prefix, address->bits())) {
    out.prefix_length = *length;
  } else {
    const config::Place place{line.line,
                              line.words.front().column + static_cast<std::uint32_t>(slash) + 1};
    reader.warn(place, fmt::format("'{}' is not a prefix length 0..{}; {} is used{}", prefix,
                                   address->bits(), address->bits(), suggestion_for(prefix)));
  }
  return true;
}

void read_scope(VirtualAddress& out, const Statement& line, std::size_t word, Reader& reader) {
  const std::string& name = line.words[word].text;
  const auto* known = std::ranges::find(scopes, std::string_view{name}, &Scope::name);
  if (known != scopes.end()) {
    out.scope = known->value;
  } else if (const auto number = read_prefix(name, 255)) {
    out.scope = *number;
  } else {
    reader.warn(line.place(word), fmt::format("unknown scope '{}'", name));
  }
}

void read_broadcast(VirtualAddress& out, const Statement& line, std::size_t word, Reader& reader) {
  const std::string& value = line.words[word].text;
  const std::uint32_t hosts = out.prefix_length >= 32 ? 0 : ~std::uint32_t{0} >> out.prefix_length;
  if (value == "+") {
    out.broadcast = IpAddress::v4(out.address.host_order() | hosts);
  } else if (value == "-") {
    out.broadcast = IpAddress::v4(out.address.host_order() & ~hosts);
  } else if (const auto address = IpAddress::parse(value); address && address->is_v4()) {
    out.broadcast = address;
  } else {
    reader.warn(line.place(word), fmt::format("'{}' is not an IPv4 broadcast address", value));
  }
}

void read_option(VirtualAddress& out, const Statement& line, std::size_t word, Reader& reader) {
  const std::string& option = line.words[word].text;
  const std::size_t value = word + 1;
  if (value >= line.words.size()) {
    reader.error(line.place(word),
                 fmt::format("'{}' needs a value, and nothing follows it", option));
    return;
  }
  if (option == "dev") {
    out.interface = line.words[value].text;
    if (out.interface.size() > longest_interface_name)
      reader.error(line.place(value),
                   fmt::format("'{}' is longer than an interface name may be ({})", out.interface,
                               longest_interface_name));
  } else if (option == "label") {
    out.label = line.words[value].text;
    if (out.label.size() > longest_interface_name)
      reader.error(line.place(value), fmt::format("label '{}' is longer than {} characters",
                                                  out.label, longest_interface_name));
  } else if (option == "scope") {
    read_scope(out, line, value, reader);
  } else {
    read_broadcast(out, line, value, reader);
  }
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::optional<VirtualAddress> read_address_line(const Statement& line, Reader& reader) {
  VirtualAddress out;
  if (!read_head(out, line, reader)) return std::nullopt;
  for (std::size_t word = 1; word < line.words.size();) {
    const std::string_view option = line.words[word].text;
    if (is_one_of(options, option)) {
      read_option(out, line, word, reader);
      word += 2;
    } else if (is_one_of(later_flags, option) || is_one_of(later_options, option)) {
      reader.error(line.place(word), fmt::format("'{}' is not supported yet", option));
      word += is_one_of(later_options, option) ? 2 : 1;
    } else {
      reader.warn(line.place(word), fmt::format("unknown option '{}' of an address{}", option,
                                                config::did_you_mean(option, options)));
      ++word;
    }
  }
  return out;
}

void describe_address_line(std::vector<config::KeywordInfo>& out) {
  const auto add = [&](std::string_view keyword, bool supported) {
    out.push_back({"<address line>", std::string{keyword}, "", "keepalived", "", supported});
  };
  add("(address)", true);
  for (const std::string_view option : options) add(option, true);
  for (const std::string_view option : later_flags) add(option, false);
  for (const std::string_view option : later_options) add(option, false);
}

}  // namespace holdfast::vrrp
