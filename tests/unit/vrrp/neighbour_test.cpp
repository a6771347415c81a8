#include "vrrp/core/neighbour.h"

#include <gtest/gtest.h>

#include "tests/unit/hex.h"

namespace holdfast::vrrp {
namespace {

constexpr MacAddress mac{0x00, 0x00, 0x5e, 0x00, 0x02, 0x01};

TEST(Announcement, Rfc5227_3_AGratuitousArpNamesTheAddressTwice) {
  EXPECT_EQ(gratuitous_arp(mac, *IpAddress::parse("192.0.2.1")),
            from_hex("0001 0800 06 04 0001 00005e000201 c0000201 ffffffffffff c0000201"));
}

/// Worked out by hand: 0x1b2a is the checksum over ff02::1's pseudo header and the message.
TEST(Announcement, Rfc9568_6_4_1_AnUnsolicitedAdvertisementOverrides) {
  const auto packet = unsolicited_advertisement(mac, *IpAddress::parse("2001:db8::1"), true);
  EXPECT_EQ(packet,
            from_hex("60000000 0020 3a ff"  // RFC 4861 4.4: hop limit 255
                     "20010db8000000000000000000000001 ff020000000000000000000000000001"
                     "88 00 1b2a a0000000"  // R and O set, S clear: errata 7947 and 7949
                     "20010db8000000000000000000000001"
                     "02 01 00005e000201"));
}

TEST(Announcement, Rfc4861_4_4_OnlyARouterSetsTheRouterFlag) {
  constexpr std::size_t flags_at = 44;
  const IpAddress address = *IpAddress::parse("fe80::1");
  EXPECT_EQ(unsolicited_advertisement(mac, address, true)[flags_at], std::byte{0xa0});
  EXPECT_EQ(unsolicited_advertisement(mac, address, false)[flags_at], std::byte{0x20});
}

TEST(AddressClaim, AnArpMessageClaimsItsSender) {
  const IpAddress address = *IpAddress::parse("192.0.2.1");
  EXPECT_EQ(claim_in_arp(gratuitous_arp(mac, address)), (AddressClaim{address, mac}));
  EXPECT_EQ(
      claim_in_arp(from_hex("0001 0800 06 04 0002 00005e000201 c0000201 ffffffffffff c0000205")),
      (AddressClaim{address, mac}));
}
TEST(AddressClaim, Rfc5227_1_1_AProbeClaimsNothing) {
  EXPECT_FALSE(
      claim_in_arp(from_hex("0001 0800 06 04 0001 00005e000201 00000000 000000000000 c0000201")));
}
TEST(AddressClaim, AnotherArpMessageOrAPieceOfOneIsNone) {
  EXPECT_FALSE(
      claim_in_arp(from_hex("0006 0800 06 04 0001 00005e000201 c0000201 000000000000 c0000201")));
  EXPECT_FALSE(
      claim_in_arp(from_hex("0001 0800 06 04 0003 00005e000201 c0000201 000000000000 c0000201")));
  EXPECT_FALSE(claim_in_arp(from_hex("0001 0800 06 04 0001 00005e000201 c000")));
  EXPECT_FALSE(claim_in_arp({}));
}
TEST(AddressClaim, AnAdvertisementClaimsItsTarget) {
  constexpr std::size_t ip_header = 40;
  const IpAddress address = *IpAddress::parse("2001:db8::1");
  const auto packet = unsolicited_advertisement(mac, address, true);
  const Bytes message = Bytes{packet}.subspan(ip_header);
  EXPECT_EQ(claim_in_advertisement(message), (AddressClaim{address, mac}));
  EXPECT_FALSE(claim_in_advertisement(message.first(message.size() - 1)));
  EXPECT_FALSE(claim_in_advertisement(message.first(24)));  // without its option
  EXPECT_FALSE(claim_in_advertisement({}));
}
TEST(AddressClaim, Rfc4861_4_6_AnOptionOfSizeZeroEndsTheMessage) {
  EXPECT_FALSE(claim_in_advertisement(
      from_hex("88 00 1b2a a0000000 20010db8000000000000000000000001 01 00 02 01 00005e000201")));
}

}  // namespace
}  // namespace holdfast::vrrp
