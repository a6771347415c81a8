// Answers of HTTP servers, whole and in pieces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/io/http_answer.h"
#include "checkers/io/page_judge.h"

namespace holdfast::checkers {
namespace {

using testing::HasSubstr;

HttpUrl url() { return {"/health", "", {{200, 299}}, ""}; }
HttpUrl url_with(const char* pattern) {
  HttpUrl out = url();
  out.regex.pattern = pattern;
  out.regex.compiled = *BodyPattern::compile(out.regex);
  return out;
}

/// The verdict on these bytes, by pieces of `size`, and then the end of the connection.
Verdict judge(const HttpUrl& what, std::string_view bytes, std::size_t size) {
  PageJudge sink{what};
  HttpAnswer answer{sink, what.method != "HEAD"};
  for (std::size_t at = 0; at < bytes.size(); at += size)
    if (auto verdict = answer.add(bytes.substr(at, size))) return *verdict;
  return answer.end();
}
/// Whatever the pieces.
void expect_verdict(const HttpUrl& what, std::string_view bytes, const Verdict& expected) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, bytes.size() + 1})
    EXPECT_EQ(judge(what, bytes, size).reason, expected.reason) << bytes << " by " << size;
}
void expect_passed(const HttpUrl& what, std::string_view bytes) {
  expect_verdict(what, bytes, Verdict::passed());
}
void expect_failed(const HttpUrl& what, std::string_view bytes, const char* reason) {
  expect_verdict(what, bytes, Verdict::failed("{}", reason));
}

TEST(HttpAnswer, EndsWithItsLengthItsLastChunkOrTheConnection) {
  expect_passed(url(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  expect_passed(url(), "HTTP/1.1 204 No Content\r\n\r\n");
  expect_passed(url(), "HTTP/1.0 200 OK\r\n\r\nuntil the end");
  expect_passed(url(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
}
TEST(HttpAnswer, TheStatusDecidesBeforeTheBody) {
  const HttpUrl sink_url = url();
  PageJudge sink{sink_url};
  HttpAnswer answer{sink};
  const auto verdict = answer.add("HTTP/1.1 503 No\r\nContent-Length: 1000000000\r\n\r\n");
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->reason, "/health answered status 503, expected 200-299");
}
TEST(HttpAnswer, TheDigestIsThatOfTheBody) {
  HttpUrl digest = url();
  digest.digest = "444bcb3a3fcf8389296c49467f27e1d6";  // printf ok | md5sum
  expect_passed(digest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  expect_passed(
      digest, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n");
  EXPECT_THAT(judge(digest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", 100).reason,
              HasSubstr("has the digest"));
}
TEST(HttpAnswer, ThePatternIsLookedForInTheBodyAlone) {
  expect_passed(url_with("^ready$"), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready");
  expect_failed(url_with("OK"), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
                "/health has no match of 'OK'");
  HttpUrl forbidden = url_with("fatal");
  forbidden.regex.must_not_match = true;
  expect_passed(forbidden, "HTTP/1.0 200 OK\r\n\r\nall is well");
  expect_failed(forbidden, "HTTP/1.0 200 OK\r\n\r\na fatal error",
                "/health has a match of 'fatal'");
}
TEST(HttpAnswer, TheAnswerToHeadHasNoBodyWhateverItsLength) {
  HttpUrl head = url();
  head.method = "HEAD";
  expect_passed(head, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
}
TEST(HttpAnswer, JsonIsThatOfTheBody) {
  HttpUrl json = url();
  json.json = {{"/status", "UP"}};
  expect_passed(json, "HTTP/1.0 200 OK\r\n\r\n{\"status\": \"UP\"}");
  expect_failed(json, "HTTP/1.0 200 OK\r\n\r\n{\"status\": \"DOWN\"}",
                "/health: '/status' is \"DOWN\", expected UP");
  expect_failed(json, "HTTP/1.0 200 OK\r\n\r\n" + std::string(300'000, ' '),
                "/health: a body of more than 262144 bytes is not read as JSON");
}
TEST(HttpAnswer, ACompressedBodyIsTakenAsItIs) {
  // Nothing is decompressed, so a bomb is as large as what was sent: printf a | gzip -n | md5sum
  HttpUrl packed = url_with("aaaa");
  const std::string_view gzip{
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03KLL\x04\x00\xab\xa1\xf5]\x04\x00"
      "\x00\x00",
      24};
  expect_failed(packed,
                fmt::format("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                            "Content-Length: {}\r\n\r\n{}",
                            gzip.size(), gzip),
                "/health has no match of 'aaaa'");
  HttpUrl json = url();
  json.json = {{"/status", "UP"}};
  EXPECT_THAT(judge(json, fmt::format("HTTP/1.0 200 OK\r\n\r\n{}", gzip), 100).reason,
              HasSubstr("the body is not JSON"));
}
TEST(HttpAnswer, ARedirectIsAnAnswerAndIsNotFollowed) {
  const auto moved = "HTTP/1.1 302 Found\r\nLocation: /health\r\nContent-Length: 0\r\n\r\n";
  expect_failed(url(), moved, "/health answered status 302, expected 200-299");
  HttpUrl accepting = url();
  accepting.status = {{302, 302}};
  expect_passed(accepting, moved);
}
TEST(HttpAnswer, ABodyThatIsNoUtf8MatchesWhatItHasOfIt) {
  HttpUrl utf = url_with("ready");
  utf.regex.options = {"utf"};
  utf.regex.compiled = *BodyPattern::compile(utf.regex);
  expect_passed(utf, "HTTP/1.0 200 OK\r\n\r\n\xff\xfe ready \xc3");
  HttpUrl json = url();
  json.json = {{"/status", std::nullopt}};
  EXPECT_THAT(judge(json, "HTTP/1.0 200 OK\r\n\r\n{\"status\": \"\xff\"}", 100).reason,
              HasSubstr("the body is not JSON"));
}
TEST(HttpAnswer, WhatIsCutShortFails) {
  expect_failed(url(), "", "answer: the server closed the connection without one");
  expect_failed(url(), "HTTP/1.1 200 OK\r\n", "answer: the server closed the connection too early");
  expect_failed(url(), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
                "body: the server closed the connection too early");
}
TEST(HttpAnswer, WhatIsNoHttpFails) {
  EXPECT_THAT(judge(url(), "SSH-2.0-OpenSSH_9.2\r\n", 100).reason, HasSubstr("answer: "));
  EXPECT_THAT(judge(url(), "HTTP/1.1 200 OK\r\nContent-Length: much\r\n\r\n", 100).reason,
              HasSubstr("answer: "));
}
TEST(HttpAnswer, AnEndlessHeaderIsAnError) {
  const HttpUrl sink_url = url();
  PageJudge sink{sink_url};
  HttpAnswer answer{sink};
  std::optional<Verdict> verdict = answer.add("HTTP/1.1 200 OK\r\n");
  for (int line = 0; line < 10000 && !verdict; ++line)
    verdict = answer.add("X-Filler: 0123456789\r\n");
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->reason, "answer: a header of more than 65536 bytes");
  const HttpUrl other_url = url();
  PageJudge other{other_url};
  HttpAnswer one_line{other};
  verdict = one_line.add("HTTP/1.1 200 OK\r\nX: ");
  for (int piece = 0; piece < 10000 && !verdict; ++piece)
    verdict = one_line.add("0123456789abcdef");
  ASSERT_TRUE(verdict);
}

}  // namespace
}  // namespace holdfast::checkers
