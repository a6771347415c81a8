// auth_hmac beside its bytes (tests/golden/authentication_test.cpp): clocks, replays, modes, keys.
#include <gtest/gtest.h>

#include "vrrp/core/hmac_trailer.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::seconds;

constexpr HmacSequence noon = HmacSequence{1'795'230'186} << 32;
constexpr HmacSequence second = HmacSequence{1} << 32;

const IpAddress group = *IpAddress::parse("224.0.0.18");

IpAddress sender(std::uint32_t number) { return IpAddress::v4(0xC0000200U + number); }

HmacPolicy policy() {
  HmacPolicy out;
  out.keys.emplace(std::uint8_t{1}, Secret{std::string(32, 'a')});
  out.keys.emplace(std::uint8_t{2}, Secret{std::string(64, 'b')});
  out.active_key = 1;
  return out;
}

/// A router that hears adverts signed by whatever policy.
struct Listener {
  HmacPolicy ours = policy();
  HmacReceiver receiver;

  std::optional<Discard> hear(HmacSequence sequence, HmacSequence clock, std::uint32_t from = 1,
                              const HmacPolicy& theirs = policy(), bool is_signed = true) {
    Advert advert;
    advert.addresses = {*IpAddress::parse("192.0.2.100")};
    auto message = encode(advert, sender(from), group, ChecksumStyle::message);
    if (is_signed) sign(message, sender(from), group, theirs, sequence);
    Reception reception;
    reception.trailer = true;
    const auto parsed = parse(message, {sender(from), group, 255}, reception);
    if (!parsed) return parsed.error();
    return receiver.check(*parsed, message, sender(from), ours, clock);
  }
};

constexpr std::optional<Discard> accepted = std::nullopt;

TEST(Hmac, ATimestampIsFreshWithinTheWindowOnBothSides) {
  Listener listener;
  EXPECT_EQ(listener.hear(noon, noon + 5 * second), accepted);
  EXPECT_EQ(listener.hear(noon + second, noon + 7 * second), Discard::hmac_stale);
  EXPECT_EQ(listener.hear(noon + 5 * second, noon), accepted);
  EXPECT_EQ(listener.hear(noon + 6 * second, noon), Discard::hmac_stale);
}

TEST(Hmac, TheWindowGoesRoundWithTheClock) {
  Listener listener;
  const HmacSequence last = HmacSequence{0xffff'ffff} << 32;
  EXPECT_EQ(listener.hear(last, last), accepted);
  EXPECT_EQ(listener.hear(second, last), accepted);  // 2 s later, after 2106
  EXPECT_EQ(listener.hear(last, second), Discard::replay);
}

TEST(Hmac, ANumberIsTakenOnceFromEachSender) {
  Listener listener;
  EXPECT_EQ(listener.hear(noon + 1, noon), accepted);
  EXPECT_EQ(listener.hear(noon + 1, noon), Discard::replay);
  EXPECT_EQ(listener.hear(noon, noon), Discard::replay);
  EXPECT_EQ(listener.hear(noon + 1, noon, 2), accepted);
  EXPECT_EQ(listener.hear(noon + 2, noon), accepted);
}

TEST(Hmac, FourSendersAreRememberedAndTheLeastRecentOneIsForgotten) {
  Listener listener;
  for (std::uint32_t from = 1; from <= 5; ++from)
    EXPECT_EQ(listener.hear(noon, noon, from), accepted);
  EXPECT_EQ(listener.hear(noon, noon, 2), Discard::replay);
  EXPECT_EQ(listener.hear(noon, noon, 1), accepted);  // forgotten: the price of the bound
  Listener of_peers;
  of_peers.receiver.remember(6);
  for (std::uint32_t from = 1; from <= 6; ++from)
    EXPECT_EQ(of_peers.hear(noon, noon, from), accepted);
  EXPECT_EQ(of_peers.hear(noon, noon, 1), Discard::replay);
}

TEST(Hmac, AfterAClockWasCorrectedTimeForgetsAndMonotonicDoesNot) {
  // Sender and receiver were an hour ahead, and both are right again.
  for (const AntiReplay anti_replay : {AntiReplay::time, AntiReplay::monotonic}) {
    Listener listener;
    listener.ours.anti_replay = anti_replay;
    EXPECT_EQ(listener.hear(noon + 3600 * second, noon + 3600 * second), accepted);
    EXPECT_EQ(listener.hear(noon, noon),
              anti_replay == AntiReplay::time ? accepted : std::optional{Discard::replay});
  }
}

TEST(Hmac, WhatIsSentGrowsWhateverTheClockDoes) {
  HmacPolicy time = policy();
  HmacSender sent;
  EXPECT_EQ(sent.next(time, noon), noon);
  EXPECT_EQ(sent.next(time, noon), noon + 1);  // two in one instant
  EXPECT_EQ(sent.next(time, noon - 2 * second), noon + 2);
  EXPECT_EQ(sent.next(time, noon - 3600 * second), noon - 3600 * second);  // set back
  HmacPolicy monotonic = policy();
  monotonic.anti_replay = AntiReplay::monotonic;
  HmacSender grows;
  EXPECT_EQ(grows.next(monotonic, noon), noon);
  EXPECT_EQ(grows.next(monotonic, noon - 3600 * second), noon + 1);
}

TEST(Hmac, ModesDifferInWhatIsDoneWithoutATrailer) {
  Listener listener;
  EXPECT_EQ(listener.hear(0, noon, 1, policy(), false), Discard::hmac_missing);
  for (const HmacMode mode : {HmacMode::permissive, HmacMode::receive_only}) {
    listener.ours.mode = mode;
    EXPECT_EQ(listener.hear(0, noon, 1, policy(), false), accepted);
    HmacPolicy wrong = policy();
    wrong.keys[1] = Secret{std::string(32, 'x')};
    EXPECT_EQ(listener.hear(noon, noon, 1, wrong), Discard::hmac_invalid);  // present ones count
  }
  EXPECT_EQ(listener.receiver.counters().missing, 2U);
}

TEST(Hmac, KeysAreChangedWithoutLosingAnAdvert) {
  Listener listener;
  HmacPolicy theirs = policy();
  EXPECT_EQ(listener.hear(noon, noon, 1, theirs), accepted);
  theirs.active_key = 2;
  EXPECT_EQ(listener.hear(noon + 1, noon, 1, theirs), accepted);
  listener.ours.keys.erase(1);
  EXPECT_EQ(listener.hear(noon + 2, noon, 1, theirs), accepted);
  theirs.active_key = 1;
  EXPECT_EQ(listener.hear(noon + 3, noon, 1, theirs), Discard::hmac_key);
}

TEST(Hmac, ATrailerThatNobodyAskedForIsALengthError) {
  Advert advert;
  advert.addresses = {*IpAddress::parse("192.0.2.100")};
  auto message = encode(advert, sender(1), group, ChecksumStyle::message);
  sign(message, sender(1), group, policy(), noon);
  EXPECT_EQ(parse(message, {sender(1), group, 255}).error(), Discard::length);
}

TEST(HmacClock, IsSecondsAndTheirFraction) {
  EXPECT_EQ(hmac_clock(std::chrono::milliseconds{1'500}), HmacSequence{1} << 32 | 0x8000'0000U);
}

TEST(Secret, ComparesByContentAndIsEmptyWhenMovedFrom) {
  Secret one{"password"};
  EXPECT_EQ(one, Secret{"password"});
  const Secret two = std::move(one);
  EXPECT_EQ(two.text(), "password");
  EXPECT_TRUE(one.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
}

}  // namespace
}  // namespace holdfast::vrrp
