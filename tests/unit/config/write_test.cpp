#include "daemon/config/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using testing::HasSubstr;

std::string yaml_of(std::string_view conf) {
  const Parsed parsed{conf};
  return to_yaml(parsed.tree, parsed.text);
}
std::string conf_of(std::string_view conf) {
  const Parsed parsed{conf};
  return to_conf(parsed.tree, parsed.text).value();
}
Statement line(std::vector<Word> words) { return {std::move(words), 0, false, {}}; }

TEST(WriteYaml, UsesMappingsAndListsOfLines) {
  EXPECT_EQ(yaml_of("vrrp_instance VI_1 {\n state  MASTER\n nopreempt\n virtual_ipaddress {\n"
                    "10.0.0.1 dev eth0\n10.0.0.2\n }\n e {\n }\n}\n"),
            "vrrp_instance VI_1:\n  state: MASTER\n  nopreempt:\n  virtual_ipaddress:\n"
            "    - 10.0.0.1 dev eth0\n    - 10.0.0.2\n  e: {}\n");
}

TEST(WriteYaml, QuotesWhatYamlWouldReadOtherwise) {
  EXPECT_EQ(yaml_of("a *\nb \"\"\nc \"x y\"\nd null\ne \"f: g\" h\ni a:\nj - k\nl \"'x'\"\n"),
            "a: \"*\"\nb: \"\"\nc: \"x y\"\nd: \"null\"\ne: '\"f: g\" h'\ni: \"a:\"\nj - k:\n"
            "l: \"'x'\"\n");
}

TEST(WriteYaml, WritesRepeatedBlocksAsAListOfMappings) {
  EXPECT_EQ(yaml_of("url {\n path /a\n}\nurl {\n}\n"), "url:\n  - path: /a\n  - {}\n");
}

TEST(WriteYaml, WritesRepeatedKeywordsWithTheirArguments) {
  EXPECT_EQ(yaml_of("a 1\na 2\n"), "a 1:\na 2:\n");
  EXPECT_EQ(yaml_of("k {\na 1\na 1\nb {\nx 1\n}\n}\n"),
            "k:\n  - a 1\n  - a 1\n  - - b\n    - x: 1\n");
}

TEST(WriteConf, IndentsBlocks) {
  EXPECT_EQ(conf_of("a{b   1\nc{d}}\ne \"x y\" 'z  w' \"q\"\n"),
            "a {\n    b 1\n    c {\n        d\n    }\n}\ne \"x y\" 'z  w' \"q\"\n");
}

TEST(WriteConf, ProtectsWhatWouldBeACommentOrADirective) {
  const auto conf = [](std::vector<Word> words) {
    return to_conf(std::vector{line(std::move(words))}, {}).value();
  };
  EXPECT_EQ(conf({{"auth_pass"}, {"a#b"}}), "auth_pass a\\#b\n");
  EXPECT_EQ(conf({{"a"}, {"{"}, {""}}), "a \"{\" \"\"\n");
  EXPECT_EQ(conf({{"include"}, {"x"}}), "\"include\" \"x\"\n");
  EXPECT_EQ(conf({{"@id"}, {"x"}}), "\"@id\" \"x\"\n");
  EXPECT_EQ(conf({{"$A=b"}}), "\"$A=b\"\n");
  EXPECT_EQ(conf({{"~SEQ(a,1)"}, {"x"}}), "\"~SEQ(a,1)\" \"x\"\n");
}

TEST(WriteConf, SaysWhatItCannotSay) {
  const auto built_in = to_conf(std::vector{line({{"a"}, {"${_PWD}"}})}, {});
  EXPECT_THAT(built_in.error().what, HasSubstr("cannot say 'a ${_PWD}'"));
  const auto quotes = to_conf(std::vector{line({{"a"}, {"x y\\", 1, true}, {"z #", 1, true}})}, {});
  EXPECT_FALSE(quotes);
}

TEST(SameTree, ComparesWordsAndBlocks) {
  EXPECT_TRUE(same_tree(Parsed{"a \"b\" {\n}\n"}.tree, Parsed{"a b {}"}.tree));
  EXPECT_FALSE(same_tree(Parsed{"a {\n}\n"}.tree, Parsed{"a"}.tree));
  EXPECT_FALSE(same_tree(Parsed{"a b"}.tree, Parsed{"a c"}.tree));
  EXPECT_FALSE(same_tree(Parsed{"a '"}.tree, Parsed{"a \"'\""}.tree));
}

}  // namespace
}  // namespace holdfast::config
