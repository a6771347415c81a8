#include <gtest/gtest.h>

#include "checkers/core/echo.h"
#include "checkers/core/http_rules.h"

namespace holdfast::checkers {
namespace {

Endpoint endpoint(const char* address) {
  Endpoint out;
  out.connect_ip = IpAddress::parse(address);
  out.connect_port = 8080;
  return out;
}
HttpUrl url(const char* path) { return {path, "", {{200, 299}}, ""}; }

std::string http_text(const HttpCheck& check, const HttpUrl& url, const Endpoint& endpoint) {
  return http1_text(http_request(check, url, endpoint), check.version);
}

TEST(HttpRules, TheRequestIsKeepaliveds) {
  EXPECT_EQ(http_text(HttpCheck{}, url("/health"), endpoint("10.0.0.1")),
            "GET /health HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 10.0.0.1:8080\r\n\r\n");
  HttpCheck check;
  check.version = HttpVersion::v1_1;
  EXPECT_EQ(http_text(check, url("/"), endpoint("2001:db8::1")),
            "GET / HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n"
            "Host: [2001:db8::1]:8080\r\n\r\n");
}
TEST(HttpRules, TheUrlsHostCountsBeforeTheChecks) {
  HttpCheck check;
  check.virtualhost = "check.example";
  EXPECT_NE(http_text(check, url("/"), endpoint("10.0.0.1")).find("Host: check.example\r\n"),
            std::string::npos);
  HttpUrl own = url("/");
  own.virtualhost = "url.example";
  EXPECT_NE(http_text(check, own, endpoint("10.0.0.1")).find("Host: url.example\r\n"),
            std::string::npos);
}
TEST(HttpRules, TheNameInTheTlsHandshakeIsThatOfTheHostHeader) {
  HttpCheck check;
  check.virtualhost = "check.example";
  EXPECT_EQ(server_name(check, url("/")), "") << "nobody asks for it";
  check.send_sni = true;
  EXPECT_EQ(server_name(check, url("/")), "check.example");
  HttpUrl own = url("/");
  own.virtualhost = "url.example";
  EXPECT_EQ(server_name(check, own), "url.example");
  check.sni_name = "sni.example";
  EXPECT_EQ(server_name(check, own), "sni.example");
}
TEST(HttpRules, StatusRangesAreJudgedInWords) {
  HttpUrl two = url("/x");
  two.status = {{200, 204}, {301, 301}};
  EXPECT_EQ(judge_status(two, 204), std::nullopt);
  EXPECT_EQ(judge_status(two, 301), std::nullopt);
  EXPECT_EQ(judge_status(two, 503)->reason, "/x answered status 503, expected 200-204 301");
}
TEST(HttpRules, ADigestIsComparedWhenItIsAskedFor) {
  HttpUrl any = url("/");
  EXPECT_EQ(judge_digest(any, "abc"), std::nullopt);
  any.digest = "d41d8cd98f00b204e9800998ecf8427e";
  EXPECT_EQ(judge_digest(any, any.digest), std::nullopt);
  EXPECT_TRUE(judge_digest(any, "0cc175b9c0f1b6a831c399e269772661").has_value());
}

TEST(Echo, TheRequestHasARightChecksum) {
  const auto request = echo_request({0x1234, 7}, false);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < request.size(); ++i)
    sum += std::to_integer<std::uint32_t>(request[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  EXPECT_EQ(sum, 0xffffU);
}
TEST(Echo, OnlyTheReplyToThisRequestAnswers) {
  auto reply = echo_request({0x1234, 7}, false);
  EXPECT_FALSE(answers({0x1234, 7}, reply, false)) << "a request is no reply";
  reply[0] = std::byte{0};
  EXPECT_TRUE(answers({0x1234, 7}, reply, false));
  EXPECT_FALSE(answers({0x1234, 8}, reply, false));
  EXPECT_FALSE(answers({0x1235, 7}, reply, false));
  EXPECT_FALSE(answers({0x1234, 7}, std::span{reply}.first(8), false)) << "without our payload";
  EXPECT_FALSE(answers({0x1234, 7}, {}, false));
}
TEST(Echo, AnIpHeaderThatLiesAboutItsLengthIsNotFollowed) {
  const std::vector<std::byte> liar{std::byte{0x4f}, std::byte{0}};
  EXPECT_TRUE(without_ip_header(liar).empty());
  EXPECT_TRUE(without_ip_header({}).empty());
}

}  // namespace
}  // namespace holdfast::checkers
