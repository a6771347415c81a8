#include "vrrp/config/address_line.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "vrrp/config/line_option.h"
#include "vrrp/config/route_names.h"

namespace holdfast::vrrp {
namespace {

using config::field;
using config::pending;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Switch;

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

using Option = LineOption<VirtualAddress>;

void read_device(VirtualAddress& out, const Row<VirtualAddress>&, const Statement& option,
                 Reader& reader) {
  if (auto name = read_interface(option, 1, reader)) out.interface = std::move(*name);
}

void read_label(VirtualAddress& out, const Row<VirtualAddress>&, const Statement& option,
                Reader& reader) {
  auto label = config::read_word(option, 1, reader);
  if (!label) return;
  if (label->size() > longest_interface_name)
    reader.error(option.place(1), fmt::format("label '{}' is longer than {} characters", *label,
                                              longest_interface_name));
  else
    out.label = std::move(*label);
}

/// A name that only iproute2's files have cannot be used: the field of an address is a number.
void read_scope(VirtualAddress& out, const Row<VirtualAddress>&, const Statement& option,
                Reader& reader) {
  const auto scope = read_id(option, 1, scope_names, 255, reader);
  if (!scope) return;
  if (scope->name.empty())
    out.scope = static_cast<std::uint8_t>(scope->number);
  else
    reader.warn(option.place(1), fmt::format("unknown scope '{}'", scope->name));
}

void read_broadcast(VirtualAddress& out, const Row<VirtualAddress>&, const Statement& option,
                    Reader& reader) {
  const auto value = config::read_word(option, 1, reader);
  if (!value) return;
  if (!out.address.is_v4()) {
    reader.warn(option.place(), "an IPv6 address has no broadcast address");
    return;
  }
  const std::uint32_t hosts = out.prefix_length >= 32 ? 0 : ~std::uint32_t{0} >> out.prefix_length;
  if (*value == "+") {
    out.broadcast = IpAddress::v4(out.address.host_order() | hosts);
  } else if (*value == "-") {
    out.broadcast = IpAddress::v4(out.address.host_order() & ~hosts);
  } else if (const auto address = IpAddress::parse(*value); address && address->is_v4()) {
    out.broadcast = address;
  } else {
    reader.warn(option.place(1), fmt::format("'{}' is not an IPv4 broadcast address", *value));
  }
}

/// keywords.tsv: a prefix length is not accepted behind the peer.
void read_peer(VirtualAddress& out, const Row<VirtualAddress>&, const Statement& option,
               Reader& reader) {
  const auto peer = config::read_address(option, 1, reader);
  if (peer && peer->family() != out.address.family())
    reader.warn(option.place(1), fmt::format("peer {} is not of the family of {}",
                                             peer->to_string(), out.address.to_string()));
  else if (peer)
    out.peer = peer;
}

/// Seconds, or `forever`. @source linux/if_addr.h: 32 bits, all of them set is forever
void read_preferred_lifetime(VirtualAddress& out, const Row<VirtualAddress>&,
                             const Statement& option, Reader& reader) {
  constexpr std::uint64_t most = 0xFFFF'FFFE;
  if (option.words.size() > 1 && option.words[1].text == "forever")
    out.preferred_lifetime = std::chrono::seconds::max();
  else if (const auto number = read_c_number(option, 1, most, reader))
    out.preferred_lifetime = std::chrono::seconds{static_cast<std::int64_t>(*number)};
}

template <bool VirtualAddress::* Member>
constexpr Option flag(std::string_view keyword, std::string_view meaning) {
  return {field<Member>(keyword, Switch{}, "keepalived", meaning)};
}

constexpr std::array options{
    Option{row<VirtualAddress>("dev", "IF", "keepalived",
                               "Interface; that of the instance, or default_interface.",
                               read_device)},
    Option{row<VirtualAddress>("scope", "global|site|link|host|nowhere|0-255", "keepalived",
                               "How far the address is valid; global by default.", read_scope)},
    Option{row<VirtualAddress>("label", "STRING(<=15)", "keepalived",
                               "Name of an IPv4 address; tools expect INTERFACE:SOMETHING.",
                               read_label)},
    Option{row<VirtualAddress>("brd", "ADDR|+|-", "keepalived",
                               "Broadcast address; + sets and - clears the host bits.",
                               read_broadcast)},
    Option{row<VirtualAddress>("broadcast", "ADDR|+|-", "keepalived", "Other spelling of brd.",
                               read_broadcast)},
    Option{row<VirtualAddress>("peer", "ADDR", "keepalived",
                               "The other end of a point-to-point link.", read_peer)},
    flag<&VirtualAddress::home>("home", "IPv6 home address (mobility)."),
    flag<&VirtualAddress::detect_duplicates>(
        "-nodad", "Duplicate address detection, which is left out by default."),
    flag<&VirtualAddress::temporary>("mngtmpaddr", "Temporary addresses are made from it."),
    flag<&VirtualAddress::no_prefix>("noprefixroute", "No route to its prefix."),
    flag<&VirtualAddress::autojoin>("autojoin", "Join the multicast group."),
    Option{row<VirtualAddress>(
        "preferred_lft", "SECONDS|forever", "keepalived",
        "How long it is a source of new connections; 0 for IPv6 with /128, else forever.",
        read_preferred_lifetime)},
    Option{field<&VirtualAddress::no_track>("no_track", Switch{}, "keepalived",
                                            "Do nothing when others remove it.")},
    Option{field<&VirtualAddress::track_group>(
        "track_group", config::AnyWord{}, "keepalived",
        "Static addresses: a track_group whose instances are in FAULT while the interface of the "
        "address is down. One that another program removes is put back.")},
    flag<&VirtualAddress::use_vmac>("use_vmac",
                                    "On another interface: through a macvlan there that holds the "
                                    "virtual MAC."),
};

}  // namespace

std::optional<VirtualAddress> read_address_line(const Statement& line, LineUse use,
                                                Reader& reader) {
  VirtualAddress out;
  if (!read_head(out, line, reader)) return std::nullopt;
  read_options(LineKind<VirtualAddress>{"an address", options}, out, line, 1, reader);
  check_track_group(out.track_group, use, line, reader);
  if (use == LineUse::fixed && out.use_vmac)
    reader.warn(line.place(), "'use_vmac' means nothing for a static address");
  return out;
}

void describe_address_line(std::vector<config::KeywordInfo>& out) {
  out.push_back({"<address line>", "(address)", "IPV4|IPV6[/PREFIX]", "keepalived",
                 "The address; without a prefix length it is one address.", true});
  describe_options<VirtualAddress>(options, "<address line>", out);
}

}  // namespace holdfast::vrrp
