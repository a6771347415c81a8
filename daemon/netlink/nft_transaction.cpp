#include "daemon/netlink/nft_transaction.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include "daemon/base/assert.h"
#include "daemon/netlink/monitor.h"

namespace holdfast::netlink {
namespace {

/// One message of mappings stays far below the 64 KiB of an attribute.
constexpr std::size_t mappings_in_a_message = 256;
constexpr std::size_t message_room = 48 * 1024;
constexpr std::uint32_t field_alignment = 4;
/// @source libnftnl/udata.h NFTNL_UDATA_TABLE_COMMENT: type, length, text with its NUL
constexpr std::byte comment_type{0};
constexpr std::size_t comment_header = 2;

/// How `nft list` reads the keys (in network order) and values (as numbers of this host) of a map:
/// two entries of type, length and 32 bits. @source libnftnl/udata.h NFTNL_UDATA_SET_KEYBYTEORDER
struct ByteOrders {
  std::uint8_t keys = 0, keys_size = sizeof(std::uint32_t);
  std::array<std::uint8_t, 4> big = std::bit_cast<std::array<std::uint8_t, 4>>(std::uint32_t{2});
  std::uint8_t values = 1, values_size = sizeof(std::uint32_t);
  std::array<std::uint8_t, 4> host = std::bit_cast<std::array<std::uint8_t, 4>>(std::uint32_t{1});
};
constexpr ByteOrders byte_orders;
static_assert(sizeof byte_orders == 12);

void put(nlmsghdr& message, std::uint16_t type, std::span<const std::byte> bytes) {
  mnl_attr_put(&message, type, bytes.size(), bytes.data());
}
/// Numbers of nf_tables are in network order.
void put(nlmsghdr& message, std::uint16_t type, std::uint32_t number) {
  mnl_attr_put_u32(&message, type, htonl(number));
}
void put(nlmsghdr& message, std::uint16_t type, const std::string& text) {
  mnl_attr_put_strz(&message, type, text.c_str());
}

/// A nested attribute that ends with the object.
class Nest {
 public:
  Nest(nlmsghdr& message, std::uint16_t type)
      : message_{message}, start_{mnl_attr_nest_start(&message, type)} {}
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;
  ~Nest() { mnl_attr_nest_end(&message_, start_); }

 private:
  nlmsghdr& message_;
  nlattr* start_;
};

void put_data(nlmsghdr& message, std::uint16_t type, std::span<const std::byte> bytes) {
  const Nest data{message, type};
  put(message, NFTA_DATA_VALUE, bytes);
}

std::vector<std::byte> bytes_in(const nlattr* data) {
  const auto value = payload(attributes_in(data, NFTA_DATA_VALUE)[NFTA_DATA_VALUE]);
  return {value.begin(), value.end()};
}

NftMapping mapping_of(const nlattr* element) {
  const auto parts = attributes_in(element, NFTA_SET_ELEM_KEY_END);
  NftMapping mapping{bytes_in(parts[NFTA_SET_ELEM_KEY]), bytes_in(parts[NFTA_SET_ELEM_KEY_END]), 0};
  const auto value = bytes_in(parts[NFTA_SET_ELEM_DATA]);
  if (value.size() == sizeof mapping.value)
    std::copy(value.begin(), value.end(), reinterpret_cast<std::byte*>(&mapping.value));
  return mapping;
}

int take_mapping(const nlattr* element, void* mappings) {
  static_cast<std::vector<NftMapping>*>(mappings)->push_back(mapping_of(element));
  return MNL_CB_OK;
}

}  // namespace

std::size_t NftRangeMap::key_size() const {
  return std::accumulate(
      fields.begin(), fields.end(), std::size_t{0}, [](std::size_t sum, std::uint32_t field) {
        return sum + (field + field_alignment - 1) / field_alignment * field_alignment;
      });
}

void NftRule::add(const char* name, const std::function<void()>& fill) {
  const Nest element{message_, NFTA_LIST_ELEM};
  put(message_, NFTA_EXPR_NAME, std::string{name});
  const Nest data{message_, NFTA_EXPR_DATA};
  fill();
}

NftRule& NftRule::load_meta(std::uint32_t key, std::uint32_t to) {
  add("meta", [&] {
    put(message_, NFTA_META_KEY, key);
    put(message_, NFTA_META_DREG, to);
  });
  return *this;
}

NftRule& NftRule::load(std::uint32_t base, std::size_t offset, std::size_t size, std::uint32_t to) {
  add("payload", [&] {
    put(message_, NFTA_PAYLOAD_DREG, to);
    put(message_, NFTA_PAYLOAD_BASE, base);
    put(message_, NFTA_PAYLOAD_OFFSET, static_cast<std::uint32_t>(offset));
    put(message_, NFTA_PAYLOAD_LEN, static_cast<std::uint32_t>(size));
  });
  return *this;
}

NftRule& NftRule::when(std::uint8_t value) {
  add("cmp", [&] {
    put(message_, NFTA_CMP_SREG, NFT_REG_1);
    put(message_, NFTA_CMP_OP, NFT_CMP_EQ);
    put_data(message_, NFTA_CMP_DATA, std::as_bytes(std::span{&value, 1}));
  });
  return *this;
}

NftRule& NftRule::look_up(const std::string& map) {
  add("lookup", [&] {
    put(message_, NFTA_LOOKUP_SET, map);
    put(message_, NFTA_LOOKUP_SREG, NFT_REG_1);
    put(message_, NFTA_LOOKUP_DREG, NFT_REG_1);
  });
  return *this;
}

NftRule& NftRule::set_mark() {
  add("meta", [&] {
    put(message_, NFTA_META_KEY, NFT_META_MARK);
    put(message_, NFTA_META_SREG, NFT_REG_1);
  });
  return *this;
}

NftRule& NftRule::count() {
  add("counter", [] {});
  return *this;
}

void NftRule::return_() {
  add("immediate", [&] {
    put(message_, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    const Nest data{message_, NFTA_IMMEDIATE_DATA};
    const Nest verdict{message_, NFTA_DATA_VERDICT};
    put(message_, NFTA_VERDICT_CODE, static_cast<std::uint32_t>(NFT_RETURN));
  });
}

NftTransaction::NftTransaction() { append_boundary(NFNL_MSG_BATCH_BEGIN); }

void NftTransaction::append_boundary(std::uint16_t type) {
  const std::size_t at = bytes_.size();
  bytes_.resize(at + message_room);
  nlmsghdr* made = mnl_nlmsg_put_header(bytes_.data() + at);
  made->nlmsg_type = type;
  made->nlmsg_flags = NLM_F_REQUEST;
  made->nlmsg_seq = sequence_++;
  auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(made, sizeof(nfgenmsg)));
  *header = {AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)};
  bytes_.resize(at + NLMSG_ALIGN(made->nlmsg_len));
}

void NftTransaction::append(std::uint16_t type, std::uint16_t flags, std::uint8_t family,
                            const std::function<void(nlmsghdr&)>& fill) {
  const std::size_t at = bytes_.size();
  bytes_.resize(at + message_room);
  nlmsghdr* made = mnl_nlmsg_put_header(bytes_.data() + at);
  made->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type);
  made->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  made->nlmsg_seq = sequence_++;
  auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(made, sizeof(nfgenmsg)));
  *header = {family, NFNETLINK_V0, 0};
  fill(*made);
  BASE_ASSERT(made->nlmsg_len <= message_room);
  bytes_.resize(at + NLMSG_ALIGN(made->nlmsg_len));
}

std::span<const char> NftTransaction::finish() {
  append_boundary(NFNL_MSG_BATCH_END);
  return bytes_;
}

void NftTransaction::add_table(const NftTable& table, const std::string& comment) {
  append(NFT_MSG_NEWTABLE, NLM_F_CREATE, table.family, [&](nlmsghdr& message) {
    put(message, NFTA_TABLE_NAME, table.name);
    if (comment.empty()) return;
    std::vector<std::byte> data{comment_type, static_cast<std::byte>(comment.size() + 1)};
    const auto text = std::as_bytes(std::span{comment.c_str(), comment.size() + 1});
    data.insert(data.end(), text.begin(), text.end());
    put(message, NFTA_TABLE_USERDATA, std::span<const std::byte>{data});
  });
}

void NftTransaction::delete_table(const NftTable& table) {
  append(NFT_MSG_DELTABLE, 0, table.family,
         [&](nlmsghdr& message) { put(message, NFTA_TABLE_NAME, table.name); });
}

void NftTransaction::add_chain(const NftTable& table, const std::string& name, std::uint32_t hook,
                               std::int32_t priority) {
  append(NFT_MSG_NEWCHAIN, NLM_F_CREATE, table.family, [&](nlmsghdr& message) {
    put(message, NFTA_CHAIN_TABLE, table.name);
    put(message, NFTA_CHAIN_NAME, name);
    put(message, NFTA_CHAIN_TYPE, std::string{"filter"});
    put(message, NFTA_CHAIN_POLICY, NF_ACCEPT);
    const Nest place{message, NFTA_CHAIN_HOOK};
    put(message, NFTA_HOOK_HOOKNUM, hook);
    put(message, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority));
  });
}

/// One without a hook is made before, so that the deletion of a missing one is no error.
void NftTransaction::replace_chain(const NftTable& table, const std::string& name,
                                   std::uint32_t hook, std::int32_t priority) {
  const auto fill = [&](nlmsghdr& message) {
    put(message, NFTA_CHAIN_TABLE, table.name);
    put(message, NFTA_CHAIN_NAME, name);
  };
  append(NFT_MSG_NEWCHAIN, NLM_F_CREATE, table.family, fill);
  append(NFT_MSG_DELCHAIN, 0, table.family, fill);
  add_chain(table, name, hook, priority);
}

void NftTransaction::add_map(const NftTable& table, const NftRangeMap& map) {
  append(NFT_MSG_NEWSET, NLM_F_CREATE, table.family, [&](nlmsghdr& message) {
    put(message, NFTA_SET_TABLE, table.name);
    put(message, NFTA_SET_NAME, map.name);
    put(message, NFTA_SET_FLAGS, std::uint32_t{NFT_SET_MAP} | NFT_SET_INTERVAL | NFT_SET_CONCAT);
    put(message, NFTA_SET_KEY_TYPE, map.key_shown);
    put(message, NFTA_SET_KEY_LEN, static_cast<std::uint32_t>(map.key_size()));
    put(message, NFTA_SET_DATA_TYPE, map.value_shown);
    put(message, NFTA_SET_DATA_LEN, std::uint32_t{sizeof(NftMapping::value)});
    put(message, NFTA_SET_ID, sequence_);  // of this transaction only
    put(message, NFTA_SET_USERDATA, std::as_bytes(std::span{&byte_orders, 1}));
    const Nest description{message, NFTA_SET_DESC};
    const Nest fields{message, NFTA_SET_DESC_CONCAT};
    for (const std::uint32_t size : map.fields) {
      const Nest field{message, NFTA_LIST_ELEM};
      put(message, NFTA_SET_FIELD_LEN, size);
    }
  });
}

void NftTransaction::add_rule(const NftTable& table, const std::string& chain,
                              const std::function<void(NftRule&)>& fill) {
  append(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, table.family, [&](nlmsghdr& message) {
    put(message, NFTA_RULE_TABLE, table.name);
    put(message, NFTA_RULE_CHAIN, chain);
    const Nest expressions{message, NFTA_RULE_EXPRESSIONS};
    NftRule rule{message};
    fill(rule);
  });
}

void NftTransaction::change(const NftTable& table, const std::string& map, Change change,
                            std::span<const NftMapping> mappings) {
  const bool adds = change == Change::add;
  for (; !mappings.empty();
       mappings = mappings.subspan(std::min(mappings.size(), mappings_in_a_message)))
    append(adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, adds ? NLM_F_CREATE : 0, table.family,
           [&](nlmsghdr& message) {
             put(message, NFTA_SET_ELEM_LIST_TABLE, table.name);
             put(message, NFTA_SET_ELEM_LIST_SET, map);
             const Nest list{message, NFTA_SET_ELEM_LIST_ELEMENTS};
             for (const NftMapping& mapping :
                  mappings.first(std::min(mappings.size(), mappings_in_a_message))) {
               const Nest element{message, NFTA_LIST_ELEM};
               put_data(message, NFTA_SET_ELEM_KEY, mapping.first);
               put_data(message, NFTA_SET_ELEM_KEY_END, mapping.last);
               put_data(message, NFTA_SET_ELEM_DATA, std::as_bytes(std::span{&mapping.value, 1}));
             }
           });
}

std::string nft_comment(std::span<const std::byte> user_data) {
  while (user_data.size() > comment_header) {
    const std::size_t length = std::to_integer<std::size_t>(user_data[1]);
    const auto value = user_data.subspan(comment_header);
    if (length > value.size()) return {};
    if (user_data[0] == comment_type && length > 0)
      return {reinterpret_cast<const char*>(value.data()), length - 1};
    user_data = value.subspan(length);
  }
  return {};
}

std::vector<NftMapping> nft_mappings(const nlmsghdr& message) {
  std::vector<NftMapping> found;
  const auto all = attributes(message, sizeof(nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
  if (const nlattr* list = all[NFTA_SET_ELEM_LIST_ELEMENTS]; list != nullptr)
    mnl_attr_parse_nested(list, take_mapping, &found);
  return found;
}

}  // namespace holdfast::netlink
