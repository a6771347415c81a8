// Authenticated adverts byte for byte: auth_type AH, and the trailer of auth_hmac. All values were
// captured from keepalived 2.4.3 and worked out again from the formulas.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/hex.h"
#include "vrrp/core/ah.h"
#include "vrrp/core/hmac_trailer.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::seconds;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
const IpAddress router = ip("192.0.2.10"), group = ip("224.0.0.18"), peer = ip("192.0.2.20");
const IpAddress router6 = ip("fe80::a"), group6 = ip("ff02::12");

std::vector<std::byte> together(std::vector<std::byte> a, const std::vector<std::byte>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Advert advert(Version version, bool v6 = false) {
  Advert out;
  out.version = version;
  out.addresses = v6 ? std::vector{ip("fe80::1"), ip("2001:db8::1")} : std::vector{ip("192.0.2.1")};
  return out;
}

/// Key 1: bytes 00 to 1f.
HmacPolicy policy() {
  std::string key;
  for (char byte = 0; byte < 32; ++byte) key += byte;
  HmacPolicy out;
  out.keys.emplace(std::uint8_t{1}, Secret{key});
  out.active_key = 1;
  return out;
}

struct Golden {
  const char* name;
  Version version;
  IpAddress source, destination;
  HmacSequence sequence;
  const char* message;
  const char* trailer;
};
void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.name; }

class HmacGolden : public testing::TestWithParam<Golden> {
 protected:
  [[nodiscard]] std::vector<std::byte> bytes() const {
    return together(from_hex(GetParam().message), from_hex(GetParam().trailer));
  }
  [[nodiscard]] Arrival arrival() const { return {GetParam().source, GetParam().destination, 255}; }
};

TEST_P(HmacGolden, IsWhatIsSent) {
  const Golden& golden = GetParam();
  auto message = encode(advert(golden.version, golden.source.is_v6()), golden.source,
                        golden.destination, ChecksumStyle::pseudo_header);
  sign(message, golden.source, golden.destination, policy(), golden.sequence);
  EXPECT_EQ(message, bytes());
}

TEST_P(HmacGolden, IsTakenOnceAndNoOtherBytesAre) {
  const Golden& golden = GetParam();
  Reception reception;
  reception.trailer = true;
  const auto good = bytes();
  const auto parsed = parse(good, arrival(), reception);
  ASSERT_TRUE(parsed.has_value());
  ASSERT_TRUE(parsed->has_trailer);
  HmacReceiver receiver;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto changed = parse(bad, arrival(), reception);
    EXPECT_TRUE(!changed || receiver.check(*changed, bad, golden.source, policy(), golden.sequence))
        << "bit " << bit;
  }
  EXPECT_EQ(receiver.check(*parsed, good, golden.source, policy(), golden.sequence), std::nullopt);
  EXPECT_EQ(receiver.check(*parsed, good, golden.source, policy(), golden.sequence),
            Discard::replay);
  EXPECT_EQ(receiver.counters().valid, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    , HmacGolden,
    testing::Values(Golden{"H4", Version::v3, router, group, 0x6b0109ea'108f'0000,
                           "31016401 006405fe c0000201",
                           "01010000 6b0109ea 108f0000 bc4948ce1b5551451b1cec47a00bd97e"},
                    Golden{"H4u", Version::v3, router, peer, 0x6b0109fc'4714'0000,
                           "31016401 006423fc c0000201",
                           "01010000 6b0109fc 47140000 7ff868e9d7fee89f2cc60b9e227285ca"},
                    Golden{"H6", Version::v3, router6, group6, 0x6b0109f0'22b0'0000,
                           "31016402 0064cede fe800000000000000000000000000001"
                           "20010db8000000000000000000000001",
                           "01010000 6b0109f0 22b00000 eba38f76501a45b48eaaccf9a708c4f0"},
                    Golden{"H2", Version::v2, router, group, 0x6b0109f6'35b5'0000,
                           "21016401 0001b8fa c0000201 0000000000000000",
                           "01010000 6b0109f6 35b50000 1ccdf5bc903fdf51d459ae277b863f17"}),
    [](const auto& test) { return test.param.name; });

constexpr const char* ah_ip_header = "45c00040 00010000 ff3318ad c000020a e0000012";
constexpr const char* ah_payload =
    "70040000 c000020a 00000001 c3835cd9e5edb0361ffeb92a"
    "21016401 0201b6fa c0000201 0000000000000000";

Advert ah_advert() {
  Advert out = advert(Version::v2);
  out.auth_type = AuthType::ah;
  return out;
}

TEST(AhGolden, IsWhatIsSent) {
  const auto message = encode(ah_advert(), router, group, ChecksumStyle::message);
  EXPECT_EQ(seal_ah(message, {router, group, 255, 1, 1}, "secret"),
            together(from_hex(ah_ip_header), from_hex(ah_payload)));
}

TEST(AhGolden, Rfc2338_10_3_IsTakenWithTheRightPasswordOnce) {
  const auto header = from_hex(ah_ip_header);
  const auto payload = from_hex(ah_payload);
  const Arrival arrival{router, group, 255, header, true};
  AhSequence sequence;
  EXPECT_EQ(open_ah(payload, arrival, "secreT", sequence).error(), Discard::auth_failure);
  const auto message = open_ah(payload, arrival, "secret", sequence);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(parse(*message, arrival)->advert, ah_advert());
  EXPECT_EQ(open_ah(payload, arrival, "secret", sequence).error(), Discard::replay);
}

TEST(AhGolden, EveryFlippedBitIsDiscarded) {
  const auto good = from_hex(ah_payload);
  const auto header = from_hex(ah_ip_header);
  const Arrival arrival{router, group, 255, header, true};
  AhSequence sequence;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    const std::size_t at = bit / 8;
    if (at == 2 || at == 3) continue;  // RFC 2402 2.3: reserved; below
    auto bad = good;
    bad[at] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(open_ah(bad, arrival, "secret", sequence).has_value()) << "bit " << bit;
  }
}

TEST(AhGolden, Rfc2402_3_3_3_1_OfTheIpHeaderOnlyWhatRoutersChangeMayDiffer) {
  const auto payload = from_hex(ah_payload);
  const auto good = from_hex(ah_ip_header);
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto changed = good;
    changed[at] ^= std::byte{1};
    AhSequence sequence;
    const bool is_mutable = at == 1 || at == 6 || at == 7 || at == 10 || at == 11;
    EXPECT_EQ(open_ah(payload, {router, group, 255, changed, true}, "secret", sequence).has_value(),
              is_mutable)
        << "byte " << at;
  }
}

TEST(AhGolden, OfUnicastTheTtlMayDifferAsWell) {
  const auto message = encode(ah_advert(), router, peer, ChecksumStyle::message);
  const auto packet = seal_ah(message, {router, peer, 64, 7, 9}, "secret");
  auto header = std::vector(packet.begin(), packet.begin() + 20);
  header[8] = std::byte{61};
  AhSequence sequence;
  EXPECT_TRUE(
      open_ah(std::span{packet}.subspan(20), {router, peer, 61, header, true}, "secret", sequence));
  EXPECT_EQ(sequence.last(), 9U);
  EXPECT_EQ(sequence.next(), 10U);  // whoever takes over goes on from there
}

TEST(AhSequence, Rfc2402_3_3_3_IsNeverUsedTwice) {
  AhSequence sequence{0xffff'fffe};
  EXPECT_EQ(sequence.next(), 0xffff'ffffU);
  EXPECT_EQ(sequence.next(), std::nullopt);
  EXPECT_FALSE(sequence.accept(1));
}

}  // namespace
}  // namespace holdfast::vrrp
