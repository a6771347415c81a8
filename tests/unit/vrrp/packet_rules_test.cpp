// What the RFCs demand of adverts, rule by rule, beside the captured packets (tests/golden).
#include <gtest/gtest.h>

#include <algorithm>

#include "vrrp/core/packet.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
const IpAddress router = ip("192.0.2.10"), group = ip("224.0.0.18");
const IpAddress router6 = ip("fe80::a"), group6 = ip("ff02::12");
const Arrival arrival{router, group, 255};

Advert advert(Version version, std::size_t addresses = 1, bool v6 = false) {
  Advert out;
  out.version = version;
  for (std::size_t i = 0; i < addresses; ++i)
    out.addresses.push_back(v6 ? ip(fmt::format("fe80::{:x}", i + 1).c_str())
                               : IpAddress::v4(0xC0000201U + static_cast<std::uint32_t>(i)));
  return out;
}
std::vector<std::byte> bytes_of(const Advert& advert) {
  return encode(advert, router, group, ChecksumStyle::message);
}
unsigned byte_at(const std::vector<std::byte>& bytes, std::size_t at) {
  return std::to_integer<unsigned>(bytes.at(at));
}
/// One byte replaced, and the checksum right again.
std::vector<std::byte> with(std::vector<std::byte> bytes, std::size_t at, unsigned value) {
  bytes.at(at) = static_cast<std::byte>(value);
  bytes.at(6) = bytes.at(7) = std::byte{0};
  const std::uint16_t sum = internet_checksum(internet_sum(bytes));
  bytes.at(6) = static_cast<std::byte>(sum >> 8);
  bytes.at(7) = static_cast<std::byte>(sum & 0xff);
  return bytes;
}
Expectation expectation(Version version, AuthType auth = AuthType::none) {
  return {version, seconds{1}, auth, Secret{"secret"}, ip("192.0.2.20"), false};
}

TEST(PacketRules, Rfc9568_5_2_1_OnlyTheVersionOfTheRouterIsTaken) {
  EXPECT_EQ(refuses(expectation(Version::v3), advert(Version::v2), router), Discard::version);
  EXPECT_EQ(refuses(expectation(Version::v2), advert(Version::v3), router), Discard::version);
  EXPECT_EQ(refuses(expectation(Version::v3), advert(Version::v3), router), std::nullopt);
}
TEST(PacketRules, Rfc9568_7_1_StrictModeNeedsALinkLocalAddressFirst) {
  Advert global_first = advert(Version::v3, 1, true);
  global_first.addresses = {*IpAddress::parse("2001:db8::1"), *IpAddress::parse("fe80::1")};
  Expectation expected = expectation(Version::v3);
  EXPECT_EQ(refuses(expected, global_first, router6), std::nullopt);
  expected.link_local_first = true;
  EXPECT_EQ(refuses(expected, global_first, router6), Discard::first_address);
  std::ranges::reverse(global_first.addresses);
  EXPECT_EQ(refuses(expected, global_first, router6), std::nullopt);
}
TEST(PacketRules, Rfc9568_5_2_5_CountAndLengthAgree) {
  for (const std::size_t count : {1U, 2U, 20U, 255U}) {
    const auto v4 = bytes_of(advert(Version::v3, count));
    EXPECT_EQ(byte_at(v4, 3), count);
    EXPECT_EQ(v4.size(), 8 + 4 * count);
    const auto v6 =
        encode(advert(Version::v3, count, true), router6, group6, ChecksumStyle::pseudo_header);
    EXPECT_EQ(byte_at(v6, 3), count);
    EXPECT_EQ(v6.size(), 8 + 16 * count);
    EXPECT_TRUE(parse(v6, {router6, group6, 255}).has_value());
  }
}
TEST(PacketRules, Rfc9568_5_2_6_TheReserveNibbleIsSentAsZero) {
  Advert longest = advert(Version::v3);
  longest.interval = milliseconds{40'950};
  EXPECT_EQ(byte_at(bytes_of(longest), 4), 0x0fU);
  EXPECT_EQ(byte_at(bytes_of(longest), 5), 0xffU);
}
TEST(PacketRules, Rfc9568_5_2_7_TheIntervalIsOneTo4095Hundredths) {
  Advert odd = advert(Version::v3);
  for (const auto& [interval, wire] : {std::pair{milliseconds{1}, 1U},
                                       {milliseconds{10}, 1U},
                                       {milliseconds{40'950}, 4095U},
                                       {milliseconds{90'000}, 4095U}}) {
    odd.interval = interval;
    const auto bytes = bytes_of(odd);
    EXPECT_EQ(byte_at(bytes, 4) << 8 | byte_at(bytes, 5), wire);
  }
}
TEST(PacketRules, Rfc9568_5_2_9_AddressesKeepTheirOrder) {
  Advert out = advert(Version::v3);
  out.addresses = {ip("192.0.2.9"), ip("192.0.2.1"), ip("192.0.2.5")};
  EXPECT_EQ(parse(bytes_of(out), arrival)->advert.addresses, out.addresses);
}
TEST(PacketRules, Rfc9568_7_1_TheCountMustFitTheMessage) {
  const auto good = bytes_of(advert(Version::v3, 2));
  EXPECT_EQ(parse(with(good, 3, 3), arrival).error(), Discard::truncated);
  EXPECT_EQ(parse(with(good, 3, 1), arrival).error(), Discard::length);
  EXPECT_EQ(parse({}, arrival).error(), Discard::truncated);
}
TEST(PacketRules, Rfc9568_7_2_TheChecksumFitsWhateverIsSent) {
  for (const Version version : {Version::v2, Version::v3})
    for (unsigned priority = 0; priority <= 255; ++priority) {
      Advert out = advert(version);
      out.priority = static_cast<std::uint8_t>(priority);
      const auto parsed = parse(bytes_of(out), arrival);
      ASSERT_TRUE(parsed.has_value()) << priority;
      EXPECT_EQ(parsed->advert.priority, priority);
    }
}
TEST(PacketRules, Rfc9568_6_4_3_AddressesAreComparedAsUnsignedIntegers) {
  for (const auto& [less, greater] : {std::pair{"10.0.0.200", "10.0.1.1"},
                                      {"127.0.0.1", "192.0.2.1"},
                                      {"fe80::2", "fe80::10"},
                                      {"fe80::7fff", "fe80::8000"}})
    EXPECT_LT(ip(less), ip(greater));
}

TEST(PacketRules, Rfc3768_5_3_2_UnknownTypesAreDiscarded) {
  EXPECT_EQ(parse(with(bytes_of(advert(Version::v2)), 0, 0x23), arrival).error(), Discard::type);
}
TEST(PacketRules, Rfc3768_5_2_3_OtherTtlsAreDiscarded) {
  EXPECT_EQ(parse(bytes_of(advert(Version::v2)), {router, group, 254}).error(), Discard::ttl);
}
TEST(PacketRules, Rfc3768_5_3_6_UnknownAndOtherAuthenticationIsDiscarded) {
  const auto bytes = bytes_of(advert(Version::v2));
  EXPECT_EQ(parse(with(bytes, 4, 9), arrival).error(), Discard::auth_type);
  const auto password = parse(with(bytes, 4, 1), arrival);
  ASSERT_TRUE(password.has_value());
  EXPECT_EQ(refuses(expectation(Version::v2), password->advert, router), Discard::auth_mismatch);
}
TEST(PacketRules, Rfc3768_5_3_7_TheIntervalIsNeverSentAsZero) {
  Advert out = advert(Version::v2);
  for (const auto& [interval, wire] : {std::pair{milliseconds{10}, 1U},
                                       {milliseconds{400}, 1U},
                                       {milliseconds{255'000}, 255U},
                                       {milliseconds{999'000}, 255U}}) {
    out.interval = interval;
    EXPECT_EQ(byte_at(bytes_of(out), 5), wire);
  }
  EXPECT_EQ(parse(with(bytes_of(out), 5, 0), arrival).error(), Discard::interval);
}
TEST(PacketRules, Rfc3768_5_3_8_TheChecksumCoversTheAuthenticationData) {
  auto bytes = bytes_of(advert(Version::v2));
  bytes.back() ^= std::byte{1};
  EXPECT_EQ(parse(bytes, arrival).error(), Discard::checksum);
}
TEST(PacketRules, Rfc3768_5_3_9_ThreeAddressesMakeTwelveBytes) {
  EXPECT_EQ(bytes_of(advert(Version::v2, 3)).size(), 16U + 12U);
}
TEST(PacketRules, Rfc3768_5_3_10_UnusedAuthenticationDataIsZeroAndIgnored) {
  const auto bytes = bytes_of(advert(Version::v2));
  for (std::size_t at = bytes.size() - 8; at < bytes.size(); ++at)
    EXPECT_EQ(byte_at(bytes, at), 0U);
  const auto parsed = parse(with(bytes, bytes.size() - 1, 0x55), arrival);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(refuses(expectation(Version::v2), parsed->advert, router), std::nullopt);
}
TEST(PacketRules, Rfc2338_10_2_AllEightBytesOfThePasswordCount) {
  Advert out = advert(Version::v2);
  out.auth_type = AuthType::password;
  for (const auto& [password, result] : {std::pair{"secret", std::optional<Discard>{}},
                                         {"secret0", Discard::auth_failure},
                                         {"secre", Discard::auth_failure},
                                         {"", Discard::auth_failure}}) {
    out.password = Secret{password};
    const auto parsed = parse(bytes_of(out), arrival);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(refuses(expectation(Version::v2, AuthType::password), parsed->advert, router), result)
        << password;
  }
}

}  // namespace
}  // namespace holdfast::vrrp
