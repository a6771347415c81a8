// virtual_server_group, whose lines are values and not keywords, and the SSL block.
#include <algorithm>
#include <array>
#include <charconv>

#include "checkers/config/schema.h"

namespace holdfast::checkers {
namespace {

using config::AnyWord;
using config::Range;
using config::Reader;
using config::Row;
using config::Statement;
using std::string_view_literals::operator""sv;

using Bytes = std::array<std::byte, 16>;

Bytes bytes_of(const IpAddress& address) {
  Bytes bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  return bytes;
}
IpAddress address_of(const Bytes& bytes, Family family) {
  return *IpAddress::from_bytes(std::span{bytes}.first(family == Family::ipv4 ? 4 : 16));
}

std::optional<unsigned> parse_number(std::string_view text, int base, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

/// `ADDRESS/PREFIXLEN`. Empty: it can be used.
std::string_view set_prefix(GroupRange& range, std::string_view length) {
  const auto prefix = parse_number(length, 10, range.first.bits());
  if (!prefix) return "the prefix length is not a number that the family has";
  Bytes first = bytes_of(range.first);
  Bytes last = first;
  for (std::size_t bit = *prefix; bit < range.first.bits(); ++bit) {
    const auto mask = std::byte{0x80} >> (bit % 8);
    if ((first[bit / 8] & mask) != std::byte{0}) return "bits behind the prefix must be 0";
    last[bit / 8] |= mask;
  }
  range.last = address_of(last, range.first.family());
  return "";
}

/// `ADDRESS-LAST`: a whole address, the last octet (IPv4, decimal) or the last 16 bits (IPv6,
/// hexadecimal). Empty: it can be used.
std::string_view set_last(GroupRange& range, std::string_view text) {
  const Family family = range.first.family();
  if (const auto whole = IpAddress::parse(text)) {
    if (whole->family() != family) return "the range has addresses of two families";
    range.last = *whole;
  } else {
    Bytes last = bytes_of(range.first);
    const bool is_v4 = family == Family::ipv4;
    const auto part = is_v4 ? parse_number(text, 10, 0xff) : parse_number(text, 16, 0xffff);
    if (!part)
      return is_v4 ? "the range ends in 0..255 or an address"
                   : "the range ends in 0..ffff or an address";
    last[is_v4 ? 3 : 15] = static_cast<std::byte>(*part & 0xffU);
    if (!is_v4) last[14] = static_cast<std::byte>(*part >> 8U);
    range.last = address_of(last, family);
  }
  return range.last < range.first ? "the range ends before it begins" : "";
}

/// `ADDRESS[-LAST|/PREFIXLEN] [PORT]`
void read_range(ServerGroup& group, const Statement& line, Reader& reader) {
  const std::string_view text = line.words[0].text;
  const std::size_t end = std::min(text.find_first_of("-/"), text.size());
  const auto first = IpAddress::parse(text.substr(0, end));
  if (!first) {
    static constexpr std::array known{"fwmark"sv};
    return reader.warn(line.place(),
                       fmt::format("virtual_server_group needs an address or fwmark, found '{}'{}",
                                   text, config::did_you_mean(text, known)));
  }
  GroupRange range{*first, *first, 0};
  if (end < text.size()) {
    const std::string_view rest = text.substr(end + 1);
    const std::string_view wrong =
        text[end] == '/' ? set_prefix(range, rest) : set_last(range, rest);
    if (!wrong.empty())
      return reader.warn(line.place(), fmt::format("'{}' is left out: {}", text, wrong));
  }
  if (line.words.size() > 1) {
    const auto port = config::read_number(line, 1, Range{0, 65535}, reader);
    if (!port) return;
    range.port = static_cast<std::uint16_t>(*port);
  }
  group.ranges.push_back(range);
}

/// `fwmark N [inet|inet6]`
void read_mark(ServerGroup& group, const Statement& line, Reader& reader) {
  static constexpr std::array families{"inet"sv, "inet6"sv};
  const auto mark = config::read_number(config::with_argument(line, 1), 1, mark_rule, reader);
  if (!mark) return;
  GroupMark made{static_cast<std::uint32_t>(*mark), std::nullopt};
  if (line.words.size() > 2) {
    const auto family = config::read_choice(line, 2, config::Choice{families}, reader);
    if (!family) return;
    made.family = *family == 0 ? Family::ipv4 : Family::ipv6;
  }
  group.marks.push_back(made);
}

constexpr std::array tls_schema{
    config::field<&TlsIdentity::password>("password", AnyWord{}, "keepalived",
                                          "Passphrase of the private key."),
    config::field<&TlsIdentity::ca>("ca", AnyWord{}, "keepalived",
                                    "File of certificate authorities; the system's by default."),
    config::field<&TlsIdentity::certificate>("certificate", AnyWord{}, "keepalived",
                                             "File of the certificate that SSL_GET shows."),
    config::field<&TlsIdentity::key>("key", AnyWord{}, "keepalived",
                                     "File of the private key of that certificate."),
};

}  // namespace

std::optional<ServerGroup> read_group(const Statement& statement, Reader& reader) {
  auto name = config::read_word(statement, 1, reader);
  if (!name || config::report_missing_block(statement, reader)) return std::nullopt;
  ServerGroup group{statement.place(), std::move(*name), {}, {}};
  for (const Statement& line : statement.children) {
    if (line.has_block) config::report_surplus_block(line, reader);
    if (line.keyword() == "fwmark")
      read_mark(group, line, reader);
    else
      read_range(group, line, reader);
  }
  if (!group.ranges.empty() || !group.marks.empty()) return group;
  reader.warn(group.place,
              fmt::format("virtual_server_group {} has no address; it is left out", group.name));
  return std::nullopt;
}

void read_tls_identity(TlsIdentity& tls, const Statement& block, Reader& reader) {
  config::read_block<TlsIdentity>(tls_schema, tls, block.children, "SSL", reader);
}

void describe_groups(std::vector<config::KeywordInfo>& out) {
  config::describe<TlsIdentity>(tls_schema, "SSL", out);
}

}  // namespace holdfast::checkers
