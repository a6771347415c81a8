#include "vrrp/core/packet.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/hex.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const IpAddress router = *IpAddress::parse("192.0.2.10");
const IpAddress group = *IpAddress::parse("224.0.0.18");
const IpAddress router6 = *IpAddress::parse("fe80::a");
const IpAddress group6 = *IpAddress::parse("ff02::12");
const IpAddress virtual_address = *IpAddress::parse("192.0.2.1");
const Arrival from_router{router, group, 255};

/// Golden packets of the reference, worked out by hand from the RFCs.
constexpr const char* g1 = "31016401 0064a897 c0000201";
constexpr const char* g2 = "31016401 006405fe c0000201";
constexpr const char* g3 =
    "31016402 00644024 fe800000 00000000 00000000 00000001 20010db8 00000000 00000000 00000001";
constexpr const char* g4 = "31010001 00640c98 c0000201";
constexpr const char* g5 = "21016401 0001b8fa c0000201 00000000 00000000";
constexpr const char* g6 = "21016401 01017bae c0000201 73656372 65740000";

Advert v3_advert() {
  return {Version::v3, 1, 100, seconds{1}, AuthType::none, {}, {virtual_address}};
}
Advert v2_advert() {
  return {Version::v2, 1, 100, seconds{1}, AuthType::none, {}, {virtual_address}};
}

TEST(Packet, Rfc9568_5_2_8_ChecksumOverTheMessageOnly) {
  EXPECT_EQ(encode(v3_advert(), router, group, ChecksumStyle::message), from_hex(g1));
}
TEST(Packet, KeepalivedsChecksumWithPseudoHeader) {
  EXPECT_EQ(encode(v3_advert(), router, group, ChecksumStyle::pseudo_header), from_hex(g2));
}
TEST(Packet, Rfc9568_5_2_8_Ipv6ChecksumHasThePseudoHeader) {
  Advert advert = v3_advert();
  advert.addresses = {*IpAddress::parse("fe80::1"), *IpAddress::parse("2001:db8::1")};
  EXPECT_EQ(encode(advert, *IpAddress::parse("fe80::a"), *IpAddress::parse("ff02::12"),
                   ChecksumStyle::message),
            from_hex(g3));
}
TEST(Packet, Rfc9568_5_2_4_PriorityZeroMeansResignation) {
  Advert advert = v3_advert();
  advert.priority = 0;
  EXPECT_EQ(encode(advert, router, group, ChecksumStyle::message), from_hex(g4));
}
TEST(Packet, Rfc3768_5_3_Version2) {
  EXPECT_EQ(encode(v2_advert(), router, group, ChecksumStyle::message), from_hex(g5));
}
TEST(Packet, Rfc2338_5_3_10_SimplePassword) {
  Advert advert = v2_advert();
  advert.auth_type = AuthType::password;
  advert.password = Secret{"secret"};
  EXPECT_EQ(encode(advert, router, group, ChecksumStyle::message), from_hex(g6));
}

TEST(Packet, WhatIsEncodedIsParsed) {
  for (const Duration interval : {Duration{milliseconds{10}}, Duration{milliseconds{40950}}})
    for (const int priority : {0, 1, 100, 255}) {
      Advert advert = v3_advert();
      advert.interval = interval;
      advert.priority = static_cast<std::uint8_t>(priority);
      const auto parsed = parse(encode(advert, router, group, ChecksumStyle::message), from_router);
      ASSERT_TRUE(parsed.has_value());
      EXPECT_EQ(parsed->advert, advert);
    }
}

TEST(Packet, BothChecksumReadingsOfVersion3AreTaken) {
  EXPECT_EQ(parse(from_hex(g1), from_router)->style, ChecksumStyle::message);
  EXPECT_EQ(parse(from_hex(g2), from_router)->style, ChecksumStyle::pseudo_header);
}

TEST(Packet, Rfc9568_7_1_EveryFlippedBitIsDiscarded) {
  const auto good = from_hex(g1);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(parse(bad, from_router).has_value()) << "bit " << bit;
  }
}

TEST(Packet, Rfc9568_5_1_2_3_OtherHopLimitsAreDiscarded) {
  for (const int limit : {1, 254, 255}) {
    const Arrival arrival{router6, group6, static_cast<std::uint8_t>(limit)};
    const auto parsed = parse(from_hex(g3), arrival);
    EXPECT_EQ(parsed.has_value(), limit == 255);
    if (!parsed) {
      EXPECT_EQ(parsed.error(), Discard::ttl);
    }
  }
}
TEST(Packet, Rfc9568_7_1_EveryFlippedBitIsDiscardedOverIpv6) {
  const auto good = from_hex(g3);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(parse(bad, {router6, group6, 255}).has_value()) << "bit " << bit;
  }
}
TEST(Packet, PeersMayBeAsFarAwayAsTheirLinesSay) {
  Reception reception;
  reception.min_ttl = 62;
  reception.max_ttl = 64;
  for (const int ttl : {61, 62, 64, 65}) {
    Arrival arrival = from_router;
    arrival.ttl = static_cast<std::uint8_t>(ttl);
    EXPECT_EQ(parse(from_hex(g1), arrival, reception).has_value(), ttl == 62 || ttl == 64);
  }
}
/// The pseudo header of unicast as keepalived before 1.3.6 made it names the group.
TEST(Packet, TheOldUnicastChecksumIsTakenWhereItIsAllowed) {
  const Arrival unicast{router, *IpAddress::parse("192.0.2.20"), 255};
  EXPECT_EQ(parse(from_hex(g2), unicast).error(), Discard::checksum);
  Reception reception;
  reception.old_group = group;
  EXPECT_EQ(parse(from_hex(g2), unicast, reception)->style, ChecksumStyle::group_header);
  EXPECT_EQ(parse(from_hex(g1), unicast, reception)->style, ChecksumStyle::message);
}

TEST(Packet, Rfc9568_5_1_1_3_OtherTtlsAreDiscarded) {
  for (const int ttl : {0, 1, 254}) {
    Arrival arrival = from_router;
    arrival.ttl = static_cast<std::uint8_t>(ttl);
    EXPECT_EQ(parse(from_hex(g1), arrival).error(), Discard::ttl);
  }
}

/// g1 with some bytes replaced and the checksum made right again.
std::vector<std::byte> with(std::size_t at, std::uint8_t value) {
  auto bytes = from_hex(g1);
  bytes[at] = std::byte{value};
  bytes[6] = bytes[7] = std::byte{0};
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  bytes[6] = std::byte((~sum >> 8) & 0xff);
  bytes[7] = std::byte(~sum & 0xff);
  return bytes;
}

TEST(Packet, Rfc9568_5_2_1_UnknownVersionsAreDiscarded) {
  for (const int version : {0, 1, 4, 15})
    EXPECT_EQ(parse(with(0, static_cast<std::uint8_t>(version << 4 | 1)), from_router).error(),
              Discard::version);
}
TEST(Packet, Rfc9568_5_2_2_UnknownTypesAreDiscarded) {
  for (const int type : {0, 2, 15})
    EXPECT_EQ(parse(with(0, static_cast<std::uint8_t>(0x30 | type)), from_router).error(),
              Discard::type);
}
TEST(Packet, Rfc9568_5_2_6_TheReserveNibbleIsIgnored) {
  const auto parsed = parse(with(4, 0xf0), from_router);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->advert.interval, seconds{1});
}
TEST(Packet, Rfc9568_7_1_IntervalZeroIsDiscarded) {
  EXPECT_EQ(parse(with(5, 0), from_router).error(), Discard::interval);
}
TEST(Packet, Rfc9568_5_2_5_CountZeroIsDiscarded) {
  const auto bytes = from_hex("31016400 006468a6");  // checksum made right below
  auto fixed = bytes;
  fixed[6] = fixed[7] = std::byte{0};
  std::uint32_t sum = 0x3101 + 0x6400 + 0x0064;
  fixed[6] = std::byte((~sum >> 8) & 0xff);
  fixed[7] = std::byte(~sum & 0xff);
  const auto parsed = parse(fixed, from_router);
  ASSERT_TRUE(parsed.has_value());
  Expectation expectation;
  EXPECT_EQ(refuses(expectation, parsed->advert, from_router.source), Discard::zero_addresses);
  // Erratum 8299 aside: without an address of our own, an advert without one is what we send too.
  expectation.no_addresses = true;
  EXPECT_EQ(refuses(expectation, parsed->advert, from_router.source), std::nullopt);
}
TEST(Packet, Rfc9568_7_1_TruncatedMessagesAreDiscarded) {
  const auto good = from_hex(g1);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(parse(std::span{good}.first(size), from_router).error(), Discard::truncated);
}
TEST(Packet, BytesBehindTheMessageAreALengthError) {
  auto longer = from_hex(g1);
  longer.resize(longer.size() + 40);
  EXPECT_EQ(parse(longer, from_router).error(), Discard::length);
}

TEST(Packet, Rfc3768_7_1_Version2NeedsOurInterval) {
  const Expectation expectation{
      Version::v2, seconds{1}, AuthType::none, {}, *IpAddress::parse("192.0.2.20")};
  Advert advert = v2_advert();
  EXPECT_EQ(refuses(expectation, advert, router), std::nullopt);
  advert.interval = seconds{2};
  EXPECT_EQ(refuses(expectation, advert, router), Discard::interval);
}
TEST(Packet, Rfc2338_10_2_PasswordsAreCompared) {
  const Expectation expectation{Version::v2, seconds{1}, AuthType::password, Secret{"secret"},
                                *IpAddress::parse("192.0.2.20")};
  Advert advert = v2_advert();
  EXPECT_EQ(refuses(expectation, advert, router), Discard::auth_mismatch);
  advert.auth_type = AuthType::password;
  advert.password = Secret{"secreT"};
  EXPECT_EQ(refuses(expectation, advert, router), Discard::auth_failure);
  advert.password = Secret{"secret"};
  EXPECT_EQ(refuses(expectation, advert, router), std::nullopt);
}
TEST(Packet, OurOwnAdvertLoopedBackIsDiscarded) {
  const Expectation expectation{Version::v3, seconds{1}, AuthType::none, {}, router};
  EXPECT_EQ(refuses(expectation, v3_advert(), router), Discard::own);
}
TEST(Packet, AVersion2RouterDiscardsVersion3) {
  const Expectation expectation{
      Version::v2, seconds{1}, AuthType::none, {}, *IpAddress::parse("192.0.2.20")};
  EXPECT_EQ(refuses(expectation, v3_advert(), router), Discard::version);
}

}  // namespace
}  // namespace holdfast::vrrp
