#include "vrrp/linux/ip_packet.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast::vrrp {
namespace {

/// 192.0.2.1 to 224.0.0.18, TTL 255, `options` words of options, then `payload` bytes.
std::vector<std::byte> packet(unsigned options, unsigned payload) {
  const unsigned header = 20 + 4 * options;
  std::vector<std::byte> bytes(header + payload, std::byte{0xab});
  const std::array<unsigned, 20> fixed{0x40 | header / 4,
                                       0xc0,
                                       0,
                                       header + payload,
                                       0,
                                       0,
                                       0,
                                       0,
                                       255,
                                       112,
                                       0,
                                       0,
                                       192,
                                       0,
                                       2,
                                       1,
                                       224,
                                       0,
                                       0,
                                       18};
  for (std::size_t i = 0; i < fixed.size(); ++i) bytes[i] = static_cast<std::byte>(fixed[i]);
  return bytes;
}

TEST(IpPacket, SaysWhereItCameFrom) {
  const auto bytes = packet(0, 20);
  const auto split = split_ip_packet(bytes);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->arrival.source.to_string(), "192.0.2.1");
  EXPECT_EQ(split->arrival.destination.to_string(), "224.0.0.18");
  EXPECT_EQ(split->arrival.ttl, 255);
  EXPECT_EQ(split->message.size(), 20U);
}

TEST(IpPacket, OptionsAreNotPartOfTheMessage) {
  const auto bytes = packet(10, 20);
  const auto split = split_ip_packet(bytes);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->message.size(), 20U);
  EXPECT_EQ(split->message.data(), bytes.data() + 60);
}

TEST(IpPacket, PaddingBehindTheTotalLengthIsCutOff) {
  auto bytes = packet(0, 20);
  bytes.resize(bytes.size() + 6);
  EXPECT_EQ(split_ip_packet(bytes)->message.size(), 20U);
}

TEST(IpPacket, EveryShorterPrefixIsRefused) {
  const auto bytes = packet(2, 20);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(split_ip_packet(Bytes{bytes}.first(size))) << size;
}

TEST(IpPacket, AHeaderLengthBelowTheFixedPartIsRefused) {
  auto bytes = packet(0, 20);
  bytes[0] = std::byte{0x44};
  EXPECT_FALSE(split_ip_packet(bytes));
}

TEST(IpPacket, AnotherVersionIsRefused) {
  auto bytes = packet(0, 20);
  bytes[0] = std::byte{0x65};
  EXPECT_FALSE(split_ip_packet(bytes));
}

RC_GTEST_PROP(IpPacket, WhateverArrivesTheMessageLiesInsideIt,
              (const std::vector<std::uint8_t>& tail)) {
  auto bytes = packet(0, 0);
  bytes[0] = static_cast<std::byte>(0x40 | *rc::gen::inRange(0, 16));
  bytes[3] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
  for (const std::uint8_t byte : tail) bytes.push_back(std::byte{byte});
  const auto split = split_ip_packet(bytes);
  if (!split) return;
  RC_ASSERT(split->message.data() >= bytes.data() + 20);
  RC_ASSERT(split->message.data() + split->message.size() <= bytes.data() + bytes.size());
}

}  // namespace
}  // namespace holdfast::vrrp
