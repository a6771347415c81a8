#include "vrrp/linux/nft_messages.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>

#include "daemon/base/assert.h"
#include "daemon/base/free_with.h"

namespace holdfast::vrrp {
namespace {

using Table = std::unique_ptr<nftnl_table, FreeWith<nftnl_table_free>>;
using Chain = std::unique_ptr<nftnl_chain, FreeWith<nftnl_chain_free>>;
using Set = std::unique_ptr<nftnl_set, FreeWith<nftnl_set_free>>;
using Rule = std::unique_ptr<nftnl_rule, FreeWith<nftnl_rule_free>>;

constexpr std::uint16_t family = NFPROTO_INET;
constexpr std::uint32_t address4 = 4, address6 = 16;
/// One message of elements stays far below the 64 KiB of an attribute.
constexpr std::size_t elements_in_a_message = 256;
constexpr std::size_t message_room = 32 * 1024;

/// How `nft list` shows keys. @source nftables include/datatype.h enum datatypes
enum class Shown : std::uint32_t { ipv4 = 7, ipv6 = 8, index = 20, name = 41 };
constexpr unsigned shown_bits = 6;  ///< TYPE_BITS there: types of a concatenation

struct KeyShape {
  std::uint32_t shown, size;
};

KeyShape shape_of(FilterSet set, bool by_index) {
  const auto interface = static_cast<std::uint32_t>(by_index ? Shown::index : Shown::name);
  const std::uint32_t interface_size = by_index ? sizeof(std::uint32_t) : IFNAMSIZ;
  switch (set) {
    case FilterSet::vips4:
      return {static_cast<std::uint32_t>(Shown::ipv4), address4};
    case FilterSet::vips6:
      return {static_cast<std::uint32_t>(Shown::ipv6), address6};
    case FilterSet::link_local:
      break;
  }
  return {static_cast<std::uint32_t>(Shown::ipv6) << shown_bits | interface,
          address6 + interface_size};
}

/// A rule, one expression after the other.
class RuleWriter {
 public:
  RuleWriter(const NftSettings& settings, const char* chain) : counters_{settings.counters} {
    nftnl_rule_set_u32(rule_.get(), NFTNL_RULE_FAMILY, family);
    nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, settings.table.c_str());
    nftnl_rule_set_str(rule_.get(), NFTNL_RULE_CHAIN, chain);
  }
  RuleWriter& load_meta(std::uint32_t key, std::uint32_t to = NFT_REG_1) {
    nftnl_expr* made = expression("meta");
    nftnl_expr_set_u32(made, NFTNL_EXPR_META_KEY, key);
    nftnl_expr_set_u32(made, NFTNL_EXPR_META_DREG, to);
    return *this;
  }
  RuleWriter& load(std::uint32_t base, std::size_t offset, std::size_t size) {
    nftnl_expr* made = expression("payload");
    nftnl_expr_set_u32(made, NFTNL_EXPR_PAYLOAD_BASE, base);
    nftnl_expr_set_u32(made, NFTNL_EXPR_PAYLOAD_OFFSET, static_cast<std::uint32_t>(offset));
    nftnl_expr_set_u32(made, NFTNL_EXPR_PAYLOAD_LEN, static_cast<std::uint32_t>(size));
    nftnl_expr_set_u32(made, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
    return *this;
  }
  /// Goes on when what was loaded compares so.
  RuleWriter& when(std::uint32_t comparison, std::uint8_t value) {
    nftnl_expr* made = expression("cmp");
    nftnl_expr_set_u32(made, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
    nftnl_expr_set_u32(made, NFTNL_EXPR_CMP_OP, comparison);
    nftnl_expr_set(made, NFTNL_EXPR_CMP_DATA, &value, sizeof value);
    return *this;
  }
  RuleWriter& when_family(std::uint8_t protocol) {
    return load_meta(NFT_META_NFPROTO).when(NFT_CMP_EQ, protocol);
  }
  RuleWriter& when_protocol(std::uint8_t protocol) {
    return load_meta(NFT_META_L4PROTO).when(NFT_CMP_EQ, protocol);
  }
  RuleWriter& when_icmp6_type(std::uint8_t from, std::uint8_t to) {
    return when_protocol(IPPROTO_ICMPV6)
        .load(NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(icmp6_hdr, icmp6_type), 1)
        .when(NFT_CMP_GTE, from)
        .when(NFT_CMP_LTE, to);
  }
  RuleWriter& when_in(FilterSet set) {
    nftnl_expr* made = expression("lookup");
    nftnl_expr_set_u32(made, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
    nftnl_expr_set_str(made, NFTNL_EXPR_LOOKUP_SET, name_of(set));
    return *this;
  }
  nftnl_rule* accept() { return verdict(NF_ACCEPT); }
  nftnl_rule* drop() {
    if (counters_) expression("counter");
    return verdict(NF_DROP);
  }

 private:
  nftnl_expr* expression(const char* name) {
    nftnl_expr* made = nftnl_expr_alloc(name);
    BASE_ASSERT(made != nullptr);
    nftnl_rule_add_expr(rule_.get(), made);
    return made;
  }
  nftnl_rule* verdict(std::uint32_t what) {
    nftnl_expr* made = expression("immediate");
    nftnl_expr_set_u32(made, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(made, NFTNL_EXPR_IMM_VERDICT, what);
    return rule_.get();
  }
  Rule rule_{nftnl_rule_alloc()};
  bool counters_;
};

nlmsghdr* header_at(std::vector<char>& bytes, std::size_t at) {
  bytes.resize(at + message_room);
  return reinterpret_cast<nlmsghdr*>(bytes.data() + at);
}

}  // namespace

const char* name_of(FilterSet set) {
  switch (set) {
    case FilterSet::vips4:
      return "vips";
    case FilterSet::vips6:
      return "vips6";
    case FilterSet::link_local:
      break;
  }
  return "vips_link_local";
}

std::vector<std::byte> key_of(const FilterElement& element, bool by_index) {
  std::vector<std::byte> key{element.address.bytes().begin(), element.address.bytes().end()};
  if (element.set != FilterSet::link_local) return key;
  if (by_index) {
    const std::uint32_t index = ::if_nametoindex(element.interface.c_str());
    if (index == 0) return {};
    const auto bytes = std::as_bytes(std::span{&index, 1});
    key.insert(key.end(), bytes.begin(), bytes.end());
  } else {
    std::array<char, IFNAMSIZ> name{};
    element.interface.copy(name.data(), name.size() - 1);
    const auto bytes = std::as_bytes(std::span{name});
    key.insert(key.end(), bytes.begin(), bytes.end());
  }
  return key;
}

NftBatch::NftBatch() { append_raw(nftnl_batch_begin); }

void NftBatch::append_raw(nlmsghdr* (*build)(char*, std::uint32_t)) {
  const std::size_t at = bytes_.size();
  header_at(bytes_, at);
  const nlmsghdr* made = build(bytes_.data() + at, sequence_++);
  bytes_.resize(at + NLMSG_ALIGN(made->nlmsg_len));
}

void NftBatch::append(std::uint16_t type, std::uint16_t flags,
                      const std::function<void(nlmsghdr*)>& fill) {
  const std::size_t at = bytes_.size();
  header_at(bytes_, at);
  nlmsghdr* made = nftnl_nlmsg_build_hdr(bytes_.data() + at, type, family, flags, sequence_++);
  if (fill) fill(made);
  BASE_ASSERT(made->nlmsg_len <= message_room);
  bytes_.resize(at + NLMSG_ALIGN(made->nlmsg_len));
}

std::span<const char> NftBatch::finish() {
  append_raw(nftnl_batch_end);
  return bytes_;
}

void NftBatch::add_table(const NftSettings& settings) {
  const Table table{nftnl_table_alloc()};
  nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, settings.table.c_str());
  append(NFT_MSG_NEWTABLE, NLM_F_CREATE,
         [&](nlmsghdr* message) { nftnl_table_nlmsg_build_payload(message, table.get()); });
}

void NftBatch::delete_table(const NftSettings& settings) {
  const Table table{nftnl_table_alloc()};
  nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, settings.table.c_str());
  append(NFT_MSG_DELTABLE, 0,
         [&](nlmsghdr* message) { nftnl_table_nlmsg_build_payload(message, table.get()); });
}

void NftBatch::fill_table(const NftSettings& settings) {
  for (std::size_t set = 0; set < filter_sets; ++set)
    add_set(settings, static_cast<FilterSet>(set));
  add_chain(settings, "in", NF_INET_LOCAL_IN);
  add_chain(settings, "out", NF_INET_LOCAL_OUT);
  add_rules(settings, "in");
  add_rules(settings, "out");
}

void NftBatch::add_chain(const NftSettings& settings, const char* name, std::uint32_t hook) {
  const Chain chain{nftnl_chain_alloc()};
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, settings.table.c_str());
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, name);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, "filter");
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, hook);
  nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, settings.priority);
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
  append(NFT_MSG_NEWCHAIN, NLM_F_CREATE,
         [&](nlmsghdr* message) { nftnl_chain_nlmsg_build_payload(message, chain.get()); });
}

void NftBatch::add_set(const NftSettings& settings, FilterSet set) {
  const auto [shown, size] = shape_of(set, settings.by_index);
  const Set made{nftnl_set_alloc()};
  nftnl_set_set_str(made.get(), NFTNL_SET_TABLE, settings.table.c_str());
  nftnl_set_set_str(made.get(), NFTNL_SET_NAME, name_of(set));
  nftnl_set_set_u32(made.get(), NFTNL_SET_FAMILY, family);
  nftnl_set_set_u32(made.get(), NFTNL_SET_KEY_TYPE, shown);
  nftnl_set_set_u32(made.get(), NFTNL_SET_KEY_LEN, size);
  nftnl_set_set_u32(made.get(), NFTNL_SET_ID, static_cast<std::uint32_t>(set) + 1);
  append(NFT_MSG_NEWSET, NLM_F_CREATE,
         [&](nlmsghdr* message) { nftnl_set_nlmsg_build_payload(message, made.get()); });
}

/// Packets that come are judged by where they go to, those that leave by where they come from.
void NftBatch::add_rules(const NftSettings& settings, const char* chain) {
  const bool in = std::string_view{chain} == "in";
  const auto add = [&](nftnl_rule* rule) {
    append(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
           [&](nlmsghdr* message) { nftnl_rule_nlmsg_build_payload(message, rule); });
  };
  const auto rule = [&] { return RuleWriter{settings, chain}; };
  // RFC 9568 6.1: Accept_Mode never drops neighbour solicitations and advertisements.
  add(rule().when_icmp6_type(ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT).accept());
  add(rule()
          .when_family(NFPROTO_IPV4)
          .load(NFT_PAYLOAD_NETWORK_HEADER, in ? offsetof(iphdr, daddr) : offsetof(iphdr, saddr),
                address4)
          .when_in(FilterSet::vips4)
          .drop());
  const std::size_t address = in ? offsetof(ip6_hdr, ip6_dst) : offsetof(ip6_hdr, ip6_src);
  add(rule()
          .when_family(NFPROTO_IPV6)
          .load(NFT_PAYLOAD_NETWORK_HEADER, address, address6)
          .when_in(FilterSet::vips6)
          .drop());
  const std::uint32_t interface = settings.by_index ? (in ? NFT_META_IIF : NFT_META_OIF)
                                                    : (in ? NFT_META_IIFNAME : NFT_META_OIFNAME);
  // The interface stands behind the address, in the next register.
  add(rule()
          .when_family(NFPROTO_IPV6)
          .load_meta(interface, NFT_REG_2)
          .load(NFT_PAYLOAD_NETWORK_HEADER, address, address6)
          .when_in(FilterSet::link_local)
          .drop());
}

void NftBatch::change(const NftSettings& settings, Change change, const FilterElements& elements) {
  for (auto next = elements.begin(); next != elements.end();) {
    const FilterSet set = next->set;
    const Set list{nftnl_set_alloc()};
    nftnl_set_set_str(list.get(), NFTNL_SET_TABLE, settings.table.c_str());
    nftnl_set_set_str(list.get(), NFTNL_SET_NAME, name_of(set));
    std::size_t count = 0;
    for (; next != elements.end() && next->set == set && count < elements_in_a_message; ++next) {
      const auto key = key_of(*next, settings.by_index);
      if (key.empty()) continue;
      nftnl_set_elem* element = nftnl_set_elem_alloc();
      BASE_ASSERT(element != nullptr);
      nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key.data(),
                         static_cast<std::uint32_t>(key.size()));
      nftnl_set_elem_add(list.get(), element);
      ++count;
    }
    if (count == 0) continue;
    const bool adds = change == Change::add;
    append(adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, adds ? NLM_F_CREATE : 0,
           [&](nlmsghdr* message) { nftnl_set_elems_nlmsg_build_payload(message, list.get()); });
  }
}

}  // namespace holdfast::vrrp
