// The lines of use_vmac, use_ipvlan, unicast_peer and garp_extra_if.
#include "vrrp/config/instance_parts.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "vrrp/config/line_option.h"

namespace holdfast::vrrp {
namespace {

using config::Reader;
using config::Statement;
using std::string_view_literals::operator""sv;

/// @source linux/if.h: interface groups are 32 bits; 0 is "default"
constexpr std::array groups{KnownId{"default", 0}};
constexpr std::uint32_t any_group = 0xFFFF'FFFF;
constexpr std::array mode_words{"bridge"sv, "private"sv, "vepa"sv};
constexpr std::array peer_words{"min_ttl"sv, "max_ttl"sv};

/// @source IEEE 802: of the first octet
constexpr std::uint8_t multicast_bit = 1;

/// `aa:bb:cc:dd:ee[:ff]`; empty: not a hardware address.
std::vector<std::uint8_t> parse_mac(std::string_view text) {
  std::vector<std::uint8_t> octets;
  while (!text.empty()) {
    const std::string_view octet = text.substr(0, text.find(':'));
    unsigned value = 0;
    const char* const last = octet.data() + octet.size();
    const auto [end, error] = std::from_chars(octet.data(), last, value, 16);
    if (error != std::errc{} || end != last || octet.size() > 2 || octets.size() == 6) return {};
    octets.push_back(static_cast<std::uint8_t>(value));
    text.remove_prefix(octet.size());
    if (text == ":") return {};
    if (!text.empty()) text.remove_prefix(1);
  }
  return octets.size() < 5 ? std::vector<std::uint8_t>{} : octets;
}

bool looks_like_mac(std::string_view text) { return std::ranges::count(text, ':') >= 4; }

/// `name IF` and `group G`, which both lines have. @return words taken; 0: something else
template <typename T>
std::size_t read_common(T& out, const Statement& line, std::size_t word, Reader& reader) {
  const std::string_view text = line.words[word].text;
  if (text == "name") {
    if (auto name = read_interface(part_of(line, word, 2), 1, reader)) out.interface = *name;
    return 2;
  }
  if (text == "group") {
    out.group = read_id(part_of(line, word, 2), 1, groups, any_group, reader);
    return 2;
  }
  return 0;
}

/// A word that no option claims is the interface, once.
template <typename T>
void read_interface_word(T& out, const Statement& line, std::size_t word, Reader& reader) {
  if (out.interface.empty()) {
    if (auto name = read_interface(line, word, reader)) out.interface = *name;
  } else if (!reader.diagnostics.is_full(config::Severity::warning)) {
    reader.warn(line.place(word),
                fmt::format("unknown option '{}' of {}", line.words[word].text, line.keyword()));
  }
}

void read_peer_line(UnicastPeer& peer, const Statement& line, Reader& reader) {
  for (std::size_t word = 1; word < line.words.size();) {
    const std::string_view option = line.words[word].text;
    if (option != "min_ttl" && option != "max_ttl") {
      if (!reader.diagnostics.is_full(config::Severity::warning))
        reader.warn(line.place(word), fmt::format("unknown option '{}' of a peer{}", option,
                                                  config::did_you_mean(option, peer_words)));
      ++word;
      continue;
    }
    if (const auto ttl =
            config::read_number(part_of(line, word, 2), 1, config::Range{0, 255}, reader))
      (option == "min_ttl" ? peer.min_ttl : peer.max_ttl) = static_cast<std::uint8_t>(*ttl);
    word += 2;
  }
  if (peer.min_ttl > peer.max_ttl)
    reader.warn(line.place(), fmt::format("min_ttl {} is more than max_ttl {}: every advert of {} "
                                          "would be dropped",
                                          peer.min_ttl, peer.max_ttl, line.keyword()));
}

}  // namespace

void read_unicast_peers(Unicast& unicast, const Statement& block, Reader& reader) {
  report_words_before_block(block, reader);
  for (const Statement& line : block.children) {
    const std::string_view text = line.keyword();
    const std::size_t slash = std::min(text.find('/'), text.size());
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (address && slash < text.size())  // keepalived drops it in silence
      reader.note(line.place(),
                  fmt::format("a peer is an address alone; '{}' is ignored", text.substr(slash)));
    if (!address) {
      reader.warn(line.place(),
                  fmt::format("'{}' is not an address; the peer is left out", line.keyword()));
      continue;
    }
    UnicastPeer peer{*address};
    read_peer_line(peer, line, reader);
    if (std::ranges::find(unicast.peers, *address, &UnicastPeer::address) != unicast.peers.end())
      reader.warn(line.place(), fmt::format("peer {} is there twice", line.keyword()));
    else
      unicast.peers.push_back(peer);
  }
}

void read_old_checksum(Unicast& unicast, const Statement& statement, Reader& reader) {
  unicast.old_checksum = OldUnicastChecksum::use;
  if (statement.words.size() < 2) return;
  if (statement.words[1].text == "never")
    unicast.old_checksum = OldUnicastChecksum::never;
  else
    reader.warn(statement.place(1), fmt::format("'{}' takes nothing or never, found '{}'",
                                                statement.keyword(), statement.words[1].text));
}

void read_vmac(VirtualLinks& links, const Statement& line, Reader& reader) {
  Vmac& vmac = links.vmac.emplace();
  for (std::size_t word = 1; word < line.words.size();) {
    const std::string_view text = line.words[word].text;
    if (const std::size_t taken = read_common(vmac, line, word, reader)) {
      word += taken;
      continue;
    }
    if (text == "netlink_notify_msg") {
      vmac.netlink_notify = true;
    } else if (looks_like_mac(text)) {
      vmac.mac = parse_mac(text);
      if (vmac.mac.empty())
        reader.warn(line.place(word),
                    fmt::format("'{}' is not a MAC address of 5 or 6 octets", text));
      if (!vmac.mac.empty() && (vmac.mac.front() & multicast_bit) != 0) {
        reader.warn(line.place(word), fmt::format("'{}' is a multicast address; the virtual MAC is "
                                                  "that of RFC 9568 7.3",
                                                  text));
        vmac.mac.clear();
      }
    } else {
      read_interface_word(vmac, line, word, reader);
    }
    ++word;
  }
}

void read_ipvlan(VirtualLinks& links, const Statement& line, Reader& reader) {
  Ipvlan& ipvlan = links.ipvlan.emplace();
  for (std::size_t word = 1; word < line.words.size();) {
    const std::string_view text = line.words[word].text;
    if (const std::size_t taken = read_common(ipvlan, line, word, reader)) {
      word += taken;
      continue;
    }
    const auto* mode = std::ranges::find(mode_words, std::string_view{text});
    if (mode != mode_words.end())
      ipvlan.mode = static_cast<IpvlanMode>(mode - mode_words.begin());
    else if (const auto address = parse_prefix(text))
      ipvlan.address = address;
    else
      read_interface_word(ipvlan, line, word, reader);
    ++word;
  }
}

void read_extra_garp(std::optional<ExtraGarp>& out, const Statement& statement, Reader& reader) {
  const bool all = statement.words.size() > 1 && statement.words[1].text == "all";
  const std::size_t word = all ? 2 : 1;
  if (const auto interval =
          config::read_seconds(statement, word, config::Range{0, 86'400, "s"}, reader))
    out = ExtraGarp{*interval, all};
}

}  // namespace holdfast::vrrp
