// Parts of routes and rules: gateways, realms, tunnels, nexthops.
#include <array>
#include <charconv>

#include "vrrp/config/line_option.h"
#include "vrrp/config/route.h"

namespace holdfast::vrrp {
namespace {

using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Word;
using std::string_view_literals::operator""sv;

constexpr std::array encap_words_known{"ip"sv, "ip6"sv, "mpls"sv, "ila"sv};
/// @source RFC 3032 2.1: a label has 20 bits
constexpr std::uint64_t largest_label = (1U << 20) - 1;
/// @source linux/mpls_iptunnel.h: what the kernel takes is less; nobody needs more
constexpr std::size_t most_labels = 16;

bool takes_a_value(std::string_view option) {
  constexpr std::array options{"id"sv, "src"sv, "dst"sv, "tos"sv, "ttl"sv, "tc"sv, "hoplimit"sv};
  return std::ranges::find(options, option) != options.end();
}

/// `100/200`: labels, outermost first.
void read_labels(Encap& encap, const Statement& option, Reader& reader) {
  std::string_view rest = option.words[2].text;
  while (!rest.empty() && encap.labels.size() < most_labels) {
    const std::string_view label = rest.substr(0, rest.find('/'));
    const auto number = c_number(label);
    if (!number || *number > largest_label) {
      reader.warn(option.place(2),
                  fmt::format("'{}' is not an MPLS label 0..{}", label, largest_label));
      return;
    }
    encap.labels.push_back(static_cast<std::uint32_t>(*number));
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
  }
  if (!rest.empty())
    reader.warn(option.place(2), fmt::format("more than {} MPLS labels", most_labels));
}

/// `0:0:0:1`: four groups of 16 bits, as the first half of an IPv6 address.
void read_locator(Encap& encap, const Statement& option, Reader& reader) {
  const auto address = IpAddress::parse(fmt::format("{}::", option.words[2].text));
  if (!address || !address->is_v6()) {
    reader.warn(option.place(2), fmt::format("'{}' is not an ILA locator such as 2001:db8:0:1",
                                             option.words[2].text));
    return;
  }
  for (const std::byte byte : address->bytes().first(8))
    encap.locator = encap.locator << 8U | std::to_integer<std::uint64_t>(byte);
}

void read_tunnel_option(Encap& encap, const Statement& option, Reader& reader) {
  const std::string_view name = option.keyword();
  const bool is_v6 = encap.kind == Encap::Kind::ip6;
  if (name == "id") {
    encap.id = read_c_number(option, 1, ~std::uint64_t{0}, reader).value_or(0);
  } else if (name == "src" || name == "dst") {
    const auto address = config::read_address(option, 1, reader);
    if (address && address->is_v6() != is_v6)
      reader.warn(option.place(1), fmt::format("'{}' of 'encap {}' needs an {} address", name,
                                               is_v6 ? "ip6" : "ip", is_v6 ? "IPv6" : "IPv4"));
    else
      (name == "src" ? encap.source : encap.destination) = address;
  } else if ((name == "tos" || name == "ttl") == is_v6) {
    reader.warn(option.place(), fmt::format("'encap {}' has no '{}'", is_v6 ? "ip6" : "ip", name));
  } else if (const auto number = read_c_number(option, 1, 255, reader)) {
    (name == "tos" || name == "tc" ? encap.tos : encap.ttl) = static_cast<std::uint8_t>(*number);
  }
}

void read_via(NextHop& hop, const Row<NextHop>&, const Statement& option, Reader& reader) {
  hop.via = read_gateway(option, reader);
}
void read_dev(NextHop& hop, const Row<NextHop>&, const Statement& option, Reader& reader) {
  if (auto name = read_interface(option, 1, reader)) hop.interface = std::move(*name);
}
void read_hop_encap(NextHop& hop, const Row<NextHop>&, const Statement& option, Reader& reader) {
  hop.encap = read_encap(option, reader);
}
void read_hop_realms(NextHop& hop, const Row<NextHop>&, const Statement& option, Reader& reader) {
  hop.realms = read_realms(option, reader);
}

constexpr std::array hop_options{
    LineOption<NextHop>{
        row<NextHop>("via", "[inet|inet6] ADDR", "keepalived", "Gateway.", read_via),
        words_with_family},
    LineOption<NextHop>{row<NextHop>("dev", "IF", "keepalived", "Interface.", read_dev), two_words},
    LineOption<NextHop>{config::field<&NextHop::weight>("weight", Range{1, 256}, "keepalived",
                                                        "Share of the traffic.")},
    LineOption<NextHop>{config::field<&NextHop::onlink>("onlink", config::Switch{}, "keepalived",
                                                        "The gateway is on the link.")},
    LineOption<NextHop>{row<NextHop>("encap", "KIND ...", "keepalived", "Tunnel.", read_hop_encap),
                        encap_words},
    LineOption<NextHop>{
        row<NextHop>("realms", "[SRC/]DST", "keepalived", "Realms.", read_hop_realms), two_words},
};

}  // namespace

std::optional<IpAddress> read_gateway(const Statement& option, Reader& reader) {
  const bool has_family = words_with_family(option.words) == 3;
  const auto address = config::read_address(option, has_family ? 2 : 1, reader);
  if (address && has_family && address->is_v6() != (option.words[1].text == "inet6")) {
    reader.warn(option.place(2), fmt::format("'{}' is not an {} address", option.words[2].text,
                                             option.words[1].text));
    return std::nullopt;
  }
  return address;
}

std::optional<Realms> read_realms(const Statement& option, Reader& reader) {
  constexpr std::uint32_t largest = 0xFFFF;  // linux/rtnetlink.h RTA_FLOW: 16 bits each
  if (option.words.size() < 2) {
    config::read_word(option, 1, reader);
    return std::nullopt;
  }
  const std::string_view text = option.words[1].text;
  const auto read_one = [&](std::string_view realm) {
    const config::Composed one{{option.words[0], {realm, option.words[1].column}}, option.line};
    return read_id(one, 1, {}, largest, reader);
  };
  Realms realms;
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    realms.source = read_one(text.substr(0, slash));
    if (!realms.source) return std::nullopt;
  }
  const auto destination = read_one(slash == std::string::npos ? text : text.substr(slash + 1));
  if (!destination) return std::nullopt;
  realms.destination = *destination;
  return realms;
}

std::size_t encap_words(std::span<const Word> rest) {
  if (rest.size() < 2) return 1;
  if (rest[1].text == "mpls" || rest[1].text == "ila") return 3;
  std::size_t word = 2;
  while (word < rest.size() && takes_a_value(rest[word].text)) word += 2;
  return word;
}

std::optional<Encap> read_encap(const Statement& option, Reader& reader) {
  const Statement kind_only = part_of(option, 0, 2);
  const auto kind = config::read_choice(kind_only, 1, config::Choice{encap_words_known}, reader);
  if (!kind) return std::nullopt;
  Encap encap;
  encap.kind = static_cast<Encap::Kind>(*kind);
  if (encap.kind == Encap::Kind::mpls || encap.kind == Encap::Kind::ila) {
    if (option.words.size() < 3)
      reader.error(option.end(), fmt::format("'encap {}' needs a value, and nothing follows it",
                                             option.words[1].text));
    else if (encap.kind == Encap::Kind::mpls)
      read_labels(encap, option, reader);
    else
      read_locator(encap, option, reader);
    return encap;
  }
  for (std::size_t word = 2; word < option.words.size(); word += 2)
    read_tunnel_option(encap, part_of(option, word, 2), reader);
  if (!encap.destination)
    reader.warn(option.place(), fmt::format("'encap {}' needs 'dst'", option.words[1].text));
  return encap;
}

void read_nexthops(std::vector<NextHop>& out, const Statement& option, Reader& reader) {
  const LineKind<NextHop> kind{"a nexthop", hop_options, Unbuilt::block};
  for (std::size_t first = 0; first < option.words.size();) {
    std::size_t last = first + 1;
    while (last < option.words.size() && option.words[last].text != "nexthop") ++last;
    NextHop hop;
    const Statement words = part_of(option, first, last - first);
    read_options(kind, hop, words, 1, reader);
    if (hop.via || !hop.interface.empty())
      out.push_back(std::move(hop));
    else
      reader.warn(words.place(), "a nexthop needs 'via' or 'dev'");
    first = last;
  }
}

}  // namespace holdfast::vrrp
