// The keywords of a url that keepalived has not: method, header, body and json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/config/config.h"
#include "checkers/core/http_rules.h"
#include "tests/unit/config/support.h"

namespace holdfast::checkers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

struct Outcome {
  CheckersConfig config;
  std::vector<std::string> found;
};
/// The lines stand in a url; the first of them is line 5.
Outcome read(std::string_view lines) {
  config::Parsed parsed{
      fmt::format("virtual_server 192.0.2.10 80 {{\nreal_server 198.51.100.1 80 {{\nHTTP_GET {{\n"
                  "url {{\n{}\n}}\n}}\n}}\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n}}\n",
                  lines)};
  config::Reader reader{parsed.diagnostics};
  return {read_checkers(parsed.tree, reader), findings(parsed.diagnostics)};
}
std::vector<std::string> mistakes(std::string_view lines) { return read(lines).found; }
Check check(std::string_view lines) {
  const auto [config, found] = read(lines);
  EXPECT_THAT(found, IsEmpty()) << lines;
  return config.services.at(0).servers.at(0).checks.at(0);
}
HttpUrl url(std::string_view lines) { return std::get<HttpCheck>(check(lines).probe).urls.at(0); }
std::string request(std::string_view lines) {
  const Check made = check(lines);
  const auto& http = std::get<HttpCheck>(made.probe);
  return http1_text(http_request(http, http.urls.at(0), made.endpoint), http.version);
}

TEST(UrlConfig, TheRequestIsWhatItSays) {
  EXPECT_EQ(
      request("path /\nmethod POST\nheader \"Content-Type: application/json\"\n"
              "header \"Authorization:  Bearer x \"\nbody \"{\\\"a\\\": {\\\"b\\\": 1}}\""),
      "POST / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 198.51.100.1:80\r\n"
      "Content-Type: application/json\r\nAuthorization: Bearer x\r\nContent-Length: 15\r\n\r\n"
      "{\"a\": {\"b\": 1}}");
  EXPECT_EQ(request("path /\nmethod HEAD\nheader \"host: www.lab\"\nheader \"user-agent: probe\""),
            "HEAD / HTTP/1.0\r\nUser-Agent: probe\r\nHost: www.lab\r\n\r\n");
  EXPECT_THAT(request("path /\nmethod PUT"), HasSubstr("\r\nContent-Length: 0\r\n"));
  EXPECT_EQ(request("path /\nmethod OPTIONS"),
            "OPTIONS / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 198.51.100.1:80\r\n\r\n");
}
TEST(UrlConfig, AHeaderCannotAddLinesNorAnotherHost) {
  EXPECT_THAT(
      mistakes("path /\nheader \"X: a\\r\\nHost: b\"\nheader \"X Y: a\"\nheader \"none\"\n"
               "header \"Content-Length: 3\"\nheader \"Host: a\"\nheader \"HOST: b\"\nheader"),
      ElementsAre(HasSubstr("6:8 error 'header' takes no line ends"),
                  HasSubstr("7:8 error 'header' needs \"NAME: VALUE\""),
                  HasSubstr("8:8 error 'header' needs \"NAME: VALUE\""),
                  HasSubstr("9:8 error 'header' Content-Length is set by the check itself"),
                  HasSubstr("11:8 error 'header' has Host a second time"),
                  HasSubstr("12:7 error 'header' needs an argument")));
  EXPECT_THAT(mistakes("path /\nvirtualhost a\nheader \"Host: b\""),
              ElementsAre(HasSubstr("6:1 error 'virtualhost' and 'header' both set Host")));
}
TEST(UrlConfig, HeadersAreBounded) {
  std::string lines = "path /\n";
  for (int i = 0; i < 33; ++i) lines += fmt::format("header \"X-{}: 1\"\n", i);
  EXPECT_THAT(mistakes(lines), ElementsAre(HasSubstr("38:8 error 'header' stands more than 32")));
  EXPECT_THAT(mistakes("path /\nheader \"X: " + std::string(8192, 'a') + "\""),
              ElementsAre(HasSubstr("6:8 error 'header' takes at most 8192 characters")));
}
TEST(UrlConfig, WhatAMethodCannotHaveIsAnError) {
  EXPECT_THAT(mistakes("path /\nbody a"),
              ElementsAre(HasSubstr("6:1 error 'body': a GET request")));
  EXPECT_THAT(mistakes("path /\nmethod HEAD\njson /a\nregex a"),
              testing::UnorderedElementsAre(HasSubstr("7:1 error 'json': the answer to HEAD"),
                                            HasSubstr("8:1 error 'regex': the answer to HEAD")));
  EXPECT_THAT(mistakes("path /\nmethod GTE"), ElementsAre(HasSubstr("6:8 warning")));
}
TEST(UrlConfig, JsonNeedsAPointer) {
  const HttpUrl read = url("path /\njson /status UP\njson \"/a b/0\" \"~^(x|y)$\"\njson /c");
  EXPECT_EQ(read.json.at(0), (JsonRule{"/status", "UP"}));
  EXPECT_EQ(read.json.at(1), (JsonRule{"/a b/0", "~^(x|y)$"}));
  EXPECT_EQ(read.json.at(2), (JsonRule{"/c", std::nullopt}));
  EXPECT_NE(read.json.at(1).pattern, nullptr);
  EXPECT_THAT(mistakes("path /\njson status UP\njson /a~2 b\njson /a \"~(\"\njson /a b c"),
              ElementsAre(HasSubstr("6:6 error 'json' needs a pointer"),
                          HasSubstr("7:6 error 'json' needs a pointer"),
                          HasSubstr("8:9 error 'json': missing closing parenthesis"),
                          HasSubstr("9:11 warning 'json' takes 2 arguments")));
}
TEST(UrlConfig, OtherRequestsAreOtherChecks) {
  EXPECT_NE(check("path /\nmethod HEAD").identity(), check("path /").identity());
  EXPECT_FALSE(check("path /\njson /a").same_effect(check("path /\njson /b")));
  EXPECT_TRUE(check("path /\njson /a ~b").same_effect(check("path /\njson /a ~b")));
}

}  // namespace
}  // namespace holdfast::checkers
