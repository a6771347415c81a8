// What servers answer to DNS_CHECK, UDP_CHECK and the patterns of HTTP_GET, byte by byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "checkers/core/body_pattern.h"
#include "checkers/core/dns.h"
#include "checkers/core/file_rules.h"
#include "checkers/core/misc_rules.h"
#include "checkers/core/udp_rules.h"

namespace holdfast::checkers {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

// DNS (RFC 1035)

constexpr std::uint16_t id = 0x1234;
const DnsCheck mx{DnsType::mx, "Example.org."};

/// The query with flags and another first byte of its section counts: what a server sends back.
std::vector<std::byte> answer(std::uint16_t flags) {
  auto reply = dns_query(mx, id);
  reply[2] = static_cast<std::byte>(flags >> 8);
  reply[3] = static_cast<std::byte>(flags & 0xff);
  return reply;
}

TEST(Dns, Rfc1035_4_1_TheQueryHasOneQuestion) {
  EXPECT_EQ(dns_query(mx, id),
            bytes({0x12, 0x34, 1,   0,   0,   1,   0,   0,   0, 0,   0,   0,  //
                   7,    'E',  'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r', 'g', 0, 0, 15, 0, 1}));
  EXPECT_EQ(dns_query(DnsCheck{}, id),
            bytes({0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1}));
}
TEST(Dns, AnyReplyWithoutAnErrorIsASuccess) {
  EXPECT_EQ(judge_dns(mx, id, answer(0x8180)), Verdict::passed());
  EXPECT_EQ(judge_dns(mx, id, answer(0x8380)), Verdict::passed()) << "cut off, and yet an answer";
}
TEST(Dns, AnErrorIsNamed) {
  EXPECT_EQ(judge_dns(mx, id, answer(0x8182))->reason, "the answer is SERVFAIL");
  EXPECT_EQ(judge_dns(mx, id, answer(0x8185))->reason, "the answer is REFUSED");
  EXPECT_EQ(judge_dns(mx, id, answer(0x818f))->reason, "the answer is the error 15");
}
TEST(Dns, WhatIsNoReplyToTheQueryIsWaitedOver) {
  EXPECT_EQ(judge_dns(mx, id, answer(0x0100)), std::nullopt) << "a query";
  EXPECT_EQ(judge_dns(mx, id + 1, answer(0x8180)), std::nullopt) << "another id";
  auto other = answer(0x8180);
  other[14] = std::byte{'y'};
  EXPECT_EQ(judge_dns(mx, id, other), std::nullopt) << "another question";
}
TEST(Dns, Rfc4343_3_NamesComeBackInAnyCase) {
  auto lower = answer(0x8180);
  lower[13] = std::byte{'e'};
  EXPECT_EQ(judge_dns(mx, id, lower), Verdict::passed());
}
TEST(Dns, AnErrorMayLeaveTheQuestionOut) {
  auto bare = answer(0x8181);
  bare.resize(12);
  bare[5] = std::byte{0};
  EXPECT_EQ(judge_dns(mx, id, bare)->reason, "the answer is FORMERR");
}
TEST(Dns, EveryCutIsAFailureWithAReason) {
  const auto whole = answer(0x8180);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto verdict = judge_dns(mx, id, Bytes{whole}.first(size));
    ASSERT_TRUE(verdict) << size;
    EXPECT_EQ(verdict->kind, Verdict::Kind::failed) << size;
    EXPECT_THAT(verdict->reason, StartsWith("a reply of ")) << size;
  }
}

// UDP

TEST(Udp, ThePayloadIsThatOfTheConfigurationOrFiller) {
  UdpCheck check;
  EXPECT_EQ(udp_payload(check).size(), 32U);
  check.payload = {1, 2, 255};
  EXPECT_EQ(udp_payload(check), bytes({1, 2, 255}));
}
TEST(Udp, WithoutAPatternAnyReplyIsGood) {
  UdpCheck check;
  check.min_reply = 10;
  EXPECT_EQ(judge_udp(check, {}), Verdict::passed());
}
TEST(Udp, ThePatternComparesTheBitsThatCount) {
  UdpCheck check;
  check.reply = {{0x10, 0x20, 0x00}, {0xf0, 0xff, 0x00}};
  EXPECT_EQ(judge_udp(check, bytes({0x1f, 0x20, 0x77, 0x99})), Verdict::passed());
  EXPECT_THAT(judge_udp(check, bytes({0x20, 0x20, 0x77})).reason, HasSubstr("byte 0"));
  EXPECT_THAT(judge_udp(check, bytes({0x1f, 0x21, 0x77})).reason, HasSubstr("byte 1"));
  EXPECT_THAT(judge_udp(check, bytes({0x1f, 0x20})).reason, HasSubstr("shorter than the 3"));
}
TEST(Udp, TheLengthsCountWithAPattern) {
  UdpCheck check;
  check.reply = {{1}, {0xff}};
  check.min_reply = 2;
  check.max_reply = 3;
  EXPECT_EQ(judge_udp(check, bytes({1})).reason, "a reply of 1 bytes, expected 2 to 3");
  EXPECT_EQ(judge_udp(check, bytes({1, 0})), Verdict::passed());
  EXPECT_EQ(judge_udp(check, bytes({1, 0, 0, 0})).reason, "a reply of 4 bytes, expected 2 to 3");
}

// Scripts and files

TEST(Misc, TheExitStatusIsTheVerdictAndMayBeTheWeight) {
  MiscCheck check;
  EXPECT_EQ(judge_exit(check, 0), Verdict::passed());
  EXPECT_EQ(judge_exit(check, 2).reason, "exit status 2");
  check.dynamic = true;
  EXPECT_EQ(judge_exit(check, 0).weight, std::nullopt);
  EXPECT_EQ(judge_exit(check, 1).kind, Verdict::Kind::failed);
  EXPECT_EQ(judge_exit(check, 2).weight, 0);
  EXPECT_EQ(judge_exit(check, 255).weight, 253);
}
TEST(File, TheNumberTimesTheWeightIsAdded) {
  const auto judge = [](std::int32_t weight, bool reverse, std::int32_t number) {
    return judge_number({"f", "/f", weight, reverse}, number);
  };
  EXPECT_EQ(judge(3, false, 4).added, 12);
  EXPECT_EQ(judge(3, true, 4).added, -12);
  EXPECT_EQ(judge(1, false, -2147483647).added, -2147483647);
  EXPECT_EQ(judge(1, false, -2147483647 - 1).kind, Verdict::Kind::failed);
  EXPECT_EQ(judge(2147483647, true, 2147483647).kind, Verdict::Kind::failed);
  EXPECT_EQ(judge(0, false, 0), Verdict::passed());
  EXPECT_EQ(judge(0, false, 1).reason, "/f holds 1");
  EXPECT_EQ(judge(0, true, 0).kind, Verdict::Kind::failed);
  EXPECT_EQ(judge(0, true, 1), Verdict::passed());
}

// Patterns

struct Looked {
  bool found = false;
  std::string trouble;
};
/// The body in pieces of `size` bytes.
Looked look(const BodyRegex& regex, std::string_view body, std::size_t size) {
  auto pattern = BodyPattern::compile(regex);
  EXPECT_TRUE(pattern) << regex.pattern;
  if (!pattern) return {};
  BodyMatch match{*pattern};
  for (std::size_t at = 0; at < body.size(); at += size) match.add(body.substr(at, size));
  match.finish();
  return {match.has_match(), match.trouble()};
}
/// Whatever the pieces, the verdict is that of the whole body.
void expect_match(const BodyRegex& regex, std::string_view body, bool found) {
  for (const std::size_t size : {body.size() + 1, std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    const Looked looked = look(regex, body, size);
    EXPECT_EQ(looked.found, found) << regex.pattern << " in '" << body << "' by " << size;
    EXPECT_EQ(looked.trouble, "");
  }
}
BodyRegex regex(std::string pattern, std::vector<std::string> options = {}) {
  BodyRegex out;
  out.pattern = std::move(pattern);
  out.options = std::move(options);
  return out;
}

TEST(BodyPattern, IsFoundAcrossPieces) {
  expect_match(regex("status: (up|ok)"), "<html>\nstatus: ok\n</html>", true);
  expect_match(regex("status: (up|ok)"), "<html>\nstatus: down\n</html>", false);
  expect_match(regex("^<html>"), "<html>", true);
  expect_match(regex("</html>$"), "<html></html>\n", true);
  expect_match(regex("^b", {"multiline"}), "a\nb", true);
  expect_match(regex("^b"), "a\nb", false);
  expect_match(regex("(?<=ab)c"), "xxabc", true);
  expect_match(regex("(?<!b)c"), "xxabc", false);
  expect_match(regex("OK", {"caseless"}), "..ok", true);
  expect_match(regex(""), "", true);
}
TEST(BodyPattern, OffsetsLimitWhereItIsLookedFor) {
  BodyRegex late = regex("a");
  late.min_offset = 3;
  expect_match(late, "aaabbb", false);
  expect_match(late, "aaabab", true);
  BodyRegex early = regex("b");
  early.max_offset = 3;
  expect_match(early, "aaab", false);
  expect_match(early, "aab", true);
  BodyRegex both = regex("^a");
  both.min_offset = 3;
  expect_match(both, "bbba", false);
}
TEST(BodyPattern, AMatchThatNeedsMoreStackThanTheDefaultGetsIt) {
  BodyRegex deep = regex("^(?:a|ab)*c");
  const std::string body = std::string(20000, 'a') + "c";
  EXPECT_EQ(look(deep, body, body.size()).trouble, "JIT stack limit reached");
  deep.stack_start = 32768;
  deep.stack_max = 8000000;
  const Looked looked = look(deep, body, body.size());
  EXPECT_TRUE(looked.found) << looked.trouble;
}
TEST(BodyPattern, UseOffsetLimitChangesNothing) {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{}, {"use_offset_limit"}}) {
    BodyRegex early = regex("ab", options);
    early.max_offset = 3;
    expect_match(early, "xab", true);
    expect_match(early, "xxab", false);
    early.max_offset.reset();
    expect_match(early, "xxab", true);
  }
}
TEST(BodyPattern, InvalidUtf8IsNoTrouble) {
  expect_match(regex("ok", {"utf"}), "\xff\xfe\x80 ok \xc3", true);
  expect_match(regex("é", {"utf"}), "caf\xc3\xa9", true);
  expect_match(regex("é", {"utf"}), "caf\xc3", false);
}
TEST(BodyPattern, SaysWhatIsWrongWithIt) {
  const auto wrong = BodyPattern::compile(regex("a(b"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().what, "missing closing parenthesis at character 4 of the pattern");
}
TEST(BodyPattern, WhatWouldTakeForeverIsGivenUp) {
  const Looked looked = look(regex("(a+)+$"), std::string(64, 'a') + "b", 4096);
  EXPECT_FALSE(looked.found);
  EXPECT_NE(looked.trouble, "");
}
TEST(BodyPattern, NeverKeepsMoreThanItsBound) {
  auto pattern = BodyPattern::compile(regex("a.*b", {"dotall"}));
  ASSERT_TRUE(pattern);
  BodyMatch match{*pattern};
  const std::string piece(16384, 'a');
  for (std::size_t sent = 0; sent <= BodyMatch::most_kept; sent += piece.size()) match.add(piece);
  match.finish();
  EXPECT_THAT(match.trouble(), HasSubstr("more than 262144 bytes"));
}

}  // namespace
}  // namespace holdfast::checkers
