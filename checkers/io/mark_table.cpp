#include "checkers/io/mark_table.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <optional>

#include "daemon/netlink/monitor.h"

namespace holdfast::checkers {
namespace {

using netlink::NftMapping;
using netlink::NftRule;
using netlink::NftTable;
using netlink::NftTransaction;

constexpr std::array<std::uint8_t, 2> families{NFPROTO_IPV4, NFPROTO_IPV6};
constexpr const char* chain = "in";

/// A map, and the second field of its keys behind the address.
struct MapKind {
  const char* name;
  ipvs::Protocol protocol;  ///< none: the protocol is in the key, and no port
};
/// In the order of their rules: one with a port goes before one without.
constexpr std::array kinds{
    MapKind{"tcp_map", ipvs::Protocol::tcp}, MapKind{"udp_map", ipvs::Protocol::udp},
    MapKind{"sctp_map", ipvs::Protocol::sctp}, MapKind{"every_port_map", ipvs::Protocol::none}};

const MapKind& kind_of(const MarkedRange& range) {
  const ipvs::Protocol wanted = range.port == 0 ? ipvs::Protocol::none : range.protocol;
  return *std::ranges::find(kinds, wanted, &MapKind::protocol);
}
std::size_t address_size(std::uint8_t family) { return family == NFPROTO_IPV4 ? 4 : 16; }

/// The address, then the port or the protocol, padded to 4 bytes.
std::vector<std::byte> key_of(const MarkedRange& range, const IpAddress& address) {
  std::vector<std::byte> key{address.bytes().begin(), address.bytes().end()};
  if (range.port == 0)
    key.insert(key.end(), {static_cast<std::byte>(range.protocol), {}, {}, {}});
  else
    key.insert(key.end(), {static_cast<std::byte>(range.port >> 8U),
                           static_cast<std::byte>(range.port & 0xffU),
                           {},
                           {}});
  return key;
}

/// The inverse; nothing: not what we write.
std::optional<MarkedRange> range_of(const NftMapping& mapping, const MapKind& kind,
                                    std::size_t size) {
  const std::span first{mapping.first};
  const std::span last{mapping.last};
  if (first.size() != size + 4 || last.size() != first.size() ||
      !std::ranges::equal(first.subspan(size), last.subspan(size)))
    return std::nullopt;
  MarkedRange range{kind.protocol, *IpAddress::from_bytes(first.first(size)),
                    *IpAddress::from_bytes(last.first(size)), 0};
  const auto high = std::to_integer<unsigned>(first[size]);
  if (kind.protocol == ipvs::Protocol::none)
    range.protocol = static_cast<ipvs::Protocol>(high);
  else
    range.port =
        static_cast<std::uint16_t>(high << 8U | std::to_integer<unsigned>(first[size + 1]));
  return range;
}

netlink::NftRangeMap map_of(std::uint8_t family, const MapKind& kind) {
  /// How `nft list` shows them. @source nftables include/datatype.h enum datatypes
  constexpr std::uint32_t ipv4 = 7, ipv6 = 8, protocol = 12, service = 13, mark = 19;
  constexpr unsigned shown_bits = 6;  // TYPE_BITS there
  const bool every_port = kind.protocol == ipvs::Protocol::none;
  const std::uint32_t address = family == NFPROTO_IPV4 ? ipv4 : ipv6;
  return {kind.name,
          {static_cast<std::uint32_t>(address_size(family)), every_port ? 1U : 2U},
          address << shown_bits | (every_port ? protocol : service),
          mark};
}

/// IPVS works behind the same hook, and takes the packet by the mark.
void write_rule(NftRule& rule, std::uint8_t family, const MapKind& kind, bool counters) {
  const bool v4 = family == NFPROTO_IPV4;
  const bool every_port = kind.protocol == ipvs::Protocol::none;
  const std::uint32_t behind_address = v4 ? NFT_REG32_01 : NFT_REG_2;
  if (!every_port)
    rule.load_meta(NFT_META_L4PROTO, NFT_REG_1).when(static_cast<std::uint8_t>(kind.protocol));
  rule.load(NFT_PAYLOAD_NETWORK_HEADER, v4 ? offsetof(iphdr, daddr) : offsetof(ip6_hdr, ip6_dst),
            address_size(family), NFT_REG_1);
  if (every_port)
    rule.load_meta(NFT_META_L4PROTO, behind_address);
  else  // TCP, UDP and SCTP have it at the same place
    rule.load(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, behind_address);
  rule.look_up(kind.name).set_mark();
  if (counters) rule.count();
  rule.return_();
}

/// It is made before, so that the deletion of a missing one is no error.
void delete_table(NftTransaction& transaction, const NftTable& table) {
  transaction.add_table(table);
  transaction.delete_table(table);
}

/// Every map is always there: one that comes later would be empty for a moment.
void write_rules(NftTransaction& transaction, const MarkTableSettings& settings,
                 const NftTable& table) {
  transaction.add_table(table, settings.comment);
  for (const MapKind& kind : kinds) transaction.add_map(table, map_of(table.family, kind));
  transaction.replace_chain(table, chain, NF_INET_LOCAL_IN, settings.priority);
  for (const MapKind& kind : kinds)
    transaction.add_rule(table, chain, [&](NftRule& rule) {
      write_rule(rule, table.family, kind, settings.counters);
    });
}

std::vector<NftMapping> without(const std::vector<NftMapping>& all,
                                const std::vector<NftMapping>& some) {
  std::vector<NftMapping> rest;
  std::ranges::set_difference(all, some, std::back_inserter(rest));
  return rest;
}

const std::vector<NftMapping>& mappings_in(const MarkMaps& maps, std::uint8_t family,
                                           const MapKind& kind) {
  static const std::vector<NftMapping> none;
  const auto found = maps.find({family, kind.name});
  return found == maps.end() ? none : found->second;
}

void write_mappings(NftTransaction& transaction, const NftTable& table, const MarkMaps& from,
                    const MarkMaps& to) {
  for (const MapKind& kind : kinds) {
    const auto& there = mappings_in(from, table.family, kind);
    const auto& wanted = mappings_in(to, table.family, kind);
    transaction.change(table, kind.name, NftTransaction::Change::remove, without(there, wanted));
    transaction.change(table, kind.name, NftTransaction::Change::add, without(wanted, there));
  }
}

/// The space that one request for a listing needs.
struct Request {
  alignas(nlmsghdr) std::array<char, 512> space{};
  nlmsghdr* header = mnl_nlmsg_put_header(space.data());
  Request(std::uint16_t type, std::uint8_t family) {
    header->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type);
    auto* more = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
    more->nfgen_family = family;
  }
};

Result<void> named(Result<void> done, std::string_view what, const std::string& table) {
  if (done) return done;
  return tl::make_unexpected(
      Error{fmt::format("cannot {} the nftables table {}: {}", what, table, done.error().what),
            done.error().code});
}

}  // namespace

MarkMaps mark_maps(const MarkedRanges& ranges) {
  MarkMaps maps;
  for (const auto& [range, mark] : ranges) {
    const std::uint8_t family = range.first.is_v4() ? NFPROTO_IPV4 : NFPROTO_IPV6;
    maps[{family, kind_of(range).name}].push_back(
        {key_of(range, range.first), key_of(range, range.last), mark});
  }
  for (auto& [id, mappings] : maps) std::ranges::sort(mappings);
  return maps;
}

NftTables tables_for(const std::string& name, const MarkedRanges& ranges) {
  NftTables tables;
  for (const auto& [range, mark] : ranges)
    tables.insert({range.first.is_v4() ? NFPROTO_IPV4 : NFPROTO_IPV6, name});
  return tables;
}

Result<MarkTable> MarkTable::open(Fd socket) {
  auto opened = socket ? netlink::Nfnetlink::open(std::move(socket)) : netlink::Nfnetlink::open();
  if (!opened) return tl::make_unexpected(opened.error());
  return MarkTable{std::move(*opened)};
}

Result<void> MarkTable::build(const MarkTableSettings& settings, const NftTables& replaced,
                              const MarkedRanges& ranges) {
  const MarkMaps maps = mark_maps(ranges);
  const NftTables made = tables_for(settings.table, ranges);
  NftTables gone = replaced;
  gone.insert(made.begin(), made.end());
  NftTransaction transaction;
  for (const NftTable& table : gone) delete_table(transaction, table);
  for (const NftTable& table : made) {
    write_rules(transaction, settings, table);
    write_mappings(transaction, table, {}, maps);
  }
  return named(socket_.send(transaction.finish()), "make", settings.table);
}

Result<void> MarkTable::change(const MarkTableSettings& settings, const MarkedRanges& from,
                               const MarkedRanges& to, Rules rules) {
  const MarkMaps before = mark_maps(from);
  const MarkMaps after = mark_maps(to);
  const NftTables old = tables_for(settings.table, from);
  const NftTables wanted = tables_for(settings.table, to);
  NftTransaction transaction;
  for (const NftTable& table : old)
    if (!wanted.contains(table)) delete_table(transaction, table);
  for (const NftTable& table : wanted) {
    if (rules == Rules::replaced || !old.contains(table)) write_rules(transaction, settings, table);
    write_mappings(transaction, table, before, after);
  }
  return named(socket_.send(transaction.finish()), "change", settings.table);
}

Result<void> MarkTable::remove(const NftTables& tables) {
  if (tables.empty()) return {};
  NftTransaction transaction;
  for (const NftTable& table : tables) delete_table(transaction, table);
  return named(socket_.send(transaction.finish()), "remove", tables.begin()->name);
}

Result<std::vector<NftMapping>> MarkTable::list(const NftTable& table, const std::string& map) {
  Request request{NFT_MSG_GETSETELEM, table.family};
  mnl_attr_put_strz(request.header, NFTA_SET_ELEM_LIST_TABLE, table.name.c_str());
  mnl_attr_put_strz(request.header, NFTA_SET_ELEM_LIST_SET, map.c_str());
  std::vector<NftMapping> found;
  const auto listed = socket_.dump(*request.header, [&](const nlmsghdr& message) {
    for (NftMapping& mapping : netlink::nft_mappings(message)) found.push_back(std::move(mapping));
  });
  if (!listed && listed.error().code != ENOENT) return tl::make_unexpected(listed.error());
  std::ranges::sort(found);
  return found;
}

Result<std::size_t> MarkTable::count_rules(const NftTable& table) {
  Request request{NFT_MSG_GETRULE, table.family};
  mnl_attr_put_strz(request.header, NFTA_RULE_TABLE, table.name.c_str());
  std::size_t rules = 0;
  const auto listed = socket_.dump(*request.header, [&](const nlmsghdr&) { ++rules; });
  if (!listed && listed.error().code != ENOENT) return tl::make_unexpected(listed.error());
  return rules;
}

Result<bool> MarkTable::is_intact(const MarkTableSettings& settings, const MarkedRanges& ranges) {
  const MarkMaps maps = mark_maps(ranges);
  const NftTables wanted = tables_for(settings.table, ranges);
  for (const std::uint8_t family : families) {
    const NftTable table{family, settings.table};
    const auto rules = count_rules(table);
    if (!rules) return tl::make_unexpected(rules.error());
    if (*rules != (wanted.contains(table) ? kinds.size() : 0)) return false;
  }
  for (const NftTable& table : wanted)
    for (const MapKind& kind : kinds) {
      const auto there = list(table, kind.name);
      if (!there) return tl::make_unexpected(there.error());
      if (*there != mappings_in(maps, table.family, kind)) return false;
    }
  return true;
}

Result<MarkedRanges> MarkTable::read(const std::string& table) {
  MarkedRanges ranges;
  for (const std::uint8_t family : families)
    for (const MapKind& kind : kinds) {
      const auto there = list({family, table}, kind.name);
      if (!there) return tl::make_unexpected(there.error());
      for (const NftMapping& mapping : *there)
        if (const auto range = range_of(mapping, kind, address_size(family)))
          ranges.emplace(*range, mapping.value);
    }
  return ranges;
}

Result<NftTables> MarkTable::tables_with(const std::string& comment) {
  NftTables tables;
  for (const std::uint8_t family : families) {
    Request request{NFT_MSG_GETTABLE, family};
    const auto listed = socket_.dump(*request.header, [&](const nlmsghdr& message) {
      const auto parts = netlink::attributes(message, sizeof(nfgenmsg), NFTA_TABLE_USERDATA);
      const nlattr* name = parts[NFTA_TABLE_NAME];
      if (name != nullptr && mnl_attr_validate(name, MNL_TYPE_NUL_STRING) == 0 &&
          netlink::nft_comment(netlink::payload(parts[NFTA_TABLE_USERDATA])) == comment)
        tables.insert({family, mnl_attr_get_str(name)});
    });
    if (!listed) return tl::make_unexpected(listed.error());
  }
  return tables;
}

}  // namespace holdfast::checkers
