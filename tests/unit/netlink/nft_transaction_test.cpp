// Transactions of nf_tables, read back message by message.
#include "daemon/netlink/nft_transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "daemon/netlink/monitor.h"
#include "tests/unit/netlink_messages.h"

namespace holdfast::netlink {
namespace {

using testing::ElementsAreArray;
using testing::SizeIs;

constexpr std::uint8_t family = 2;
const NftTable table{family, "mine"};

NftMapping mapping(std::uint32_t number) {
  std::vector<std::byte> key(8);
  key[2] = static_cast<std::byte>(number >> 8U);
  key[3] = static_cast<std::byte>(number & 0xffU);
  return {key, key, number};
}

TEST(NftTransaction, HoldsItsMessagesBetweenItsBoundaries) {
  NftTransaction transaction;
  transaction.add_table(table, "whose it is");
  transaction.add_chain(table, "in", 1, -1);
  transaction.add_map(table, {"map", {4, 2}, 461, 19});
  transaction.add_rule(table, "in", [](NftRule& rule) {
    rule.load_meta(NFT_META_L4PROTO, NFT_REG_1).when(6).look_up("map").set_mark().return_();
  });
  transaction.delete_table(table);
  const auto messages = messages_of(transaction.finish());
  ASSERT_THAT(messages, SizeIs(7));
  EXPECT_EQ(messages.front()->nlmsg_type, NFNL_MSG_BATCH_BEGIN);
  EXPECT_EQ(messages.back()->nlmsg_type, NFNL_MSG_BATCH_END);
  for (std::size_t i = 0; i < messages.size(); ++i) EXPECT_EQ(messages[i]->nlmsg_seq, i);
  const auto parts = attributes(*messages[1], sizeof(nfgenmsg), NFTA_TABLE_USERDATA);
  EXPECT_STREQ(mnl_attr_get_str(parts[NFTA_TABLE_NAME]), "mine");
  EXPECT_EQ(nft_comment(payload(parts[NFTA_TABLE_USERDATA])), "whose it is");
}

TEST(NftTransaction, MappingsGoInPiecesAndComeBack) {
  std::vector<NftMapping> all;
  for (std::uint32_t i = 0; i < 600; ++i) all.push_back(mapping(i));
  NftTransaction transaction;
  transaction.change(table, "map", NftTransaction::Change::add, all);
  transaction.change(table, "map", NftTransaction::Change::remove, {});
  const auto messages = messages_of(transaction.finish());
  ASSERT_THAT(messages, SizeIs(5));
  std::vector<NftMapping> back;
  for (const nlmsghdr* message : messages)
    for (const NftMapping& found : nft_mappings(*message)) back.push_back(found);
  EXPECT_THAT(back, ElementsAreArray(all));
}

TEST(NftTransaction, AKeyIsPaddedFieldByField) {
  EXPECT_EQ((NftRangeMap{"map", {4, 2}, 0, 0}).key_size(), 8U);
  EXPECT_EQ((NftRangeMap{"map", {16, 1}, 0, 0}).key_size(), 20U);
}

TEST(NftComment, IsReadWithinItsBounds) {
  const auto comment = [](std::initializer_list<int> bytes) {
    std::vector<std::byte> data;
    for (const int byte : bytes) data.push_back(static_cast<std::byte>(byte));
    return nft_comment(data);
  };
  EXPECT_EQ(comment({0, 3, 'm', 'e', 0}), "me");
  EXPECT_EQ(comment({9, 1, 'x', 0, 2, 'a', 0}), "a");
  for (const auto& broken :
       {comment({}), comment({0}), comment({0, 9, 'm'}), comment({0, 0}), comment({9, 0, 9, 0})})
    EXPECT_EQ(broken, "");
}

}  // namespace
}  // namespace holdfast::netlink
