// Transactions of nf_tables, read back message by message.
#include "vrrp/linux/nft_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <string>

#include "daemon/netlink/monitor.h"
#include "tests/unit/netlink_messages.h"

namespace holdfast::vrrp {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

/// The kind without that of the subsystem.
std::vector<int> types_of(std::span<const char> batch) {
  std::vector<int> out;
  for (const nlmsghdr* message : messages_of(batch)) out.push_back(message->nlmsg_type & 0xff);
  return out;
}

std::string text_of(const nlmsghdr& message, std::uint16_t attribute) {
  const auto all = netlink::attributes(message, sizeof(nfgenmsg), attribute);
  return mnl_attr_get_str(all.at(attribute));
}

FilterElements many(std::uint32_t count) {
  FilterElements elements;
  for (std::uint32_t i = 0; i < count; ++i)
    elements.insert(refused(IpAddress::v4(0xC6336400 + i), ""));
  return elements;
}

using Keys = std::vector<std::vector<std::byte>>;

int take_key(const nlattr* part, void* keys) {
  if (mnl_attr_get_type(part) != NFTA_SET_ELEM_KEY) return MNL_CB_OK;
  const auto bytes = netlink::payload(static_cast<const nlattr*>(mnl_attr_get_payload(part)));
  static_cast<Keys*>(keys)->emplace_back(bytes.begin(), bytes.end());
  return MNL_CB_OK;
}
int take_element(const nlattr* element, void* keys) {
  return mnl_attr_parse_nested(element, take_key, keys);
}

/// The keys of a message of elements, as they are on the wire.
Keys keys_of(const nlmsghdr& message) {
  Keys keys;
  const auto all = netlink::attributes(message, sizeof(nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
  mnl_attr_parse_nested(all.at(NFTA_SET_ELEM_LIST_ELEMENTS), take_element, &keys);
  return keys;
}

TEST(NftMessages, ATableIsMadeInOneTransaction) {
  const NftSettings settings{"mine", -1, false, true};
  NftBatch batch;
  batch.add_table(settings);
  batch.delete_table(settings);
  batch.add_table(settings);
  batch.fill_table(settings);
  const auto bytes = batch.finish();
  const auto messages = messages_of(bytes);
  EXPECT_EQ(messages.front()->nlmsg_type, NFNL_MSG_BATCH_BEGIN);
  EXPECT_EQ(messages.back()->nlmsg_type, NFNL_MSG_BATCH_END);
  std::vector<int> types = types_of(bytes);
  const auto rules = std::erase(types, NFT_MSG_NEWRULE);
  EXPECT_EQ(rules, static_cast<long>(nft_rules));
  types.erase(types.begin());
  types.pop_back();
  EXPECT_THAT(types,
              ElementsAre(NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, NFT_MSG_NEWTABLE, NFT_MSG_NEWSET,
                          NFT_MSG_NEWSET, NFT_MSG_NEWSET, NFT_MSG_NEWCHAIN, NFT_MSG_NEWCHAIN));
  EXPECT_EQ(text_of(*messages[1], NFTA_TABLE_NAME), "mine");
  for (std::size_t i = 0; i < messages.size(); ++i) EXPECT_EQ(messages[i]->nlmsg_seq, i);
}

TEST(NftMessages, ElementsCarryTheirKeysAndGoInPieces) {
  NftBatch batch;
  batch.change({}, NftBatch::Change::add, many(600));
  const auto bytes = batch.finish();
  const auto messages = messages_of(bytes);
  ASSERT_THAT(messages, SizeIs(5));
  EXPECT_EQ(text_of(*messages[1], NFTA_SET_ELEM_LIST_SET), "vips");
  EXPECT_THAT(keys_of(*messages[1]), SizeIs(256));
  EXPECT_THAT(keys_of(*messages[3]), SizeIs(600 - 2 * 256));
  EXPECT_THAT(keys_of(*messages[1]).at(1),
              ElementsAre(std::byte{198}, std::byte{51}, std::byte{100}, std::byte{1}));
}

TEST(NftMessages, ALinkLocalKeyIsTheAddressAndTheNameOfTheInterface) {
  const IpAddress address = IpAddress::parse("fe80::1").value();
  const auto key = key_of(refused(address, "eth0"), false);
  ASSERT_THAT(key, SizeIs(32));
  EXPECT_EQ(IpAddress::from_bytes(std::span{key}.first(16)), address);
  EXPECT_STREQ(reinterpret_cast<const char*>(key.data() + 16), "eth0");
  EXPECT_THAT(key_of(refused(address, "no-such-link"), true), SizeIs(0));
  EXPECT_THAT(key_of(refused(address, "lo"), true), SizeIs(20));
}

TEST(NftMessages, WhatHasNoKeyIsLeftOut) {
  const NftSettings settings{"mine", -1, true, false};
  NftBatch batch;
  batch.change(settings, NftBatch::Change::remove,
               {refused(IpAddress::parse("fe80::1").value(), "no-such-link")});
  EXPECT_THAT(types_of(batch.finish()), SizeIs(2));
}

}  // namespace
}  // namespace holdfast::vrrp
