#include "daemon/config/comments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/expand.h"
#include "daemon/config/write.h"
#include "daemon/config/yaml.h"
#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Files one_file(const std::string& content) {
  return {[content](const std::string&) { return Result<SourceFile>{{content, 0, 0}}; },
          [](const std::string&, const std::string&) { return std::vector<std::string>{}; }};
}

/// keepalived.conf with its comments as YAML.
std::string yaml_of(const std::string& conf) {
  ExpandOptions options;
  options.config_id = "me";
  options.files = one_file(conf);
  Expanded read = expand("t.conf", options);
  const auto tree = parse_tree(read.text, read.diagnostics);
  return to_yaml(tree, read.text, attach(tree, conf_comments(read.text, options.files)));
}
std::string conf_of(const std::string& yaml) {
  Expanded read = read_yaml("t.yaml", yaml);
  EXPECT_THAT(findings(read.diagnostics), IsEmpty());
  const auto tree = parse_tree(read.text, read.diagnostics);
  return to_conf(tree, read.text, attach(tree, yaml_comments(read.text, yaml))).value();
}
std::vector<std::string> found_in(const std::string& yaml) {
  const Expanded read = read_yaml("t.yaml", yaml);
  EXPECT_THAT(findings(read.diagnostics), IsEmpty());
  std::vector<std::string> texts;
  for (const Comment& comment : yaml_comments(read.text, yaml)) texts.push_back(comment.text);
  return texts;
}

TEST(Comments, StandBeforeBehindAndAtTheEnd) {
  EXPECT_EQ(yaml_of("! file\n# a\na { # on a\n  # b\n  b 1 # on b\n  # end\n} # closed\n# last\n"),
            "# file\n# a\na:  # on a\n  # b\n  b: 1  # on b\n  # end\n  # closed\n# last\n");
  EXPECT_EQ(conf_of("# file\na:  # on a\n  # b\n  b: 1  # on b\n  # end\n# last\n"),
            "# file\na {  # on a\n    # b\n    b 1  # on b\n    # end\n}\n# last\n");
}

TEST(Comments, OfAListOfLinesStayInIt) {
  const std::string conf =
      "v {\n    # one\n    10.0.0.1  # vip\n    # 10.0.0.2\n}\ne {\n    # nothing\n}\nx\n";
  const std::string yaml = yaml_of("virtual_ipaddress " + conf.substr(2));
  EXPECT_EQ(yaml,
            "virtual_ipaddress:\n  # one\n  - 10.0.0.1  # vip\n  # 10.0.0.2\n\n"
            "e: {}\n  # nothing\nx:\n");
  EXPECT_EQ(yaml_of(conf_of(yaml)), yaml);
}

TEST(Comments, OfBlocksThatRepeatStayInTheirOrder) {
  EXPECT_EQ(yaml_of("# u\nurl { # one\n # p\n path /\n # end\n}\n# v\nurl { # two\n}\n"),
            "# u\nurl:  # one\n  -\n    # p\n    path: /\n    # end\n  # v\n  # two\n  - {}\n");
  EXPECT_EQ(conf_of("url:  # one\n  - path: /\n    # end\n  # v\n  - path: /x\n"),
            "url {  # one\n    path /\n    # end\n}\n\n# v\nurl {\n    path /x\n}\n");
}

TEST(Comments, OfDefinitionsAndIncludedLinesAreCarried) {
  EXPECT_EQ(
      yaml_of("$P=7 # seven\n$B=a $P \\\n # inside\n b 2\n$B # used\n~SEQ(i,1,2) c $i # both\n"),
      "# seven\n# inside\na: 7\nb: 2  # used\nc 1:\nc 2:  # both\n");
}

TEST(Comments, OnLinesForAnotherNodeAreNot) {
  EXPECT_EQ(yaml_of("@other a 1 # other\n@me b 2 # me\n"), "b: 2  # me\n");
}

TEST(Comments, AreValidYamlWhateverTheyHold) {
  EXPECT_EQ(yaml_of("# caf\xE9 \x01\na # !x \"#\"\n"), "# caf?  \na:  # !x \"#\"\n");
}

TEST(Comments, BehindAnEscapedSignOrInsideQuotesAreNone) {
  EXPECT_EQ(yaml_of("a \\#b \"c # d\" e!f\n"), "a: '#b \"c # d\" e'  #f\n");
}

TEST(YamlComments, AreNotInsideQuotesOrBlockScalars) {
  EXPECT_THAT(found_in("a: 'it''s # no' # 1\nb: \"\\\" # no \\\"\" # 2\nc: x#no\n"),
              ElementsAre(" 1", " 2"));
  EXPECT_THAT(found_in("a: >- # 1\n  x # no\n  # no\n# 2\nb:\n  - >-\n    # no\n  # 3\n"),
              ElementsAre(" 1", " 2", " 3"));
  EXPECT_THAT(found_in("a: \"x\n  # no\n  y\" # 1\nb: it's # 2\n"), ElementsAre(" 1", " 2"));
  EXPECT_THAT(found_in("{\"a\": [b, 'c # no', # 1\n  d], # 2\n  'e': f}\n"),
              ElementsAre(" 1", " 2"));
  EXPECT_THAT(found_in("- a: >-\n    # no\n  # 1\n  b: c\n"), ElementsAre(" 1"));
}

TEST(YamlComments, BelongWhereTheirIndentationPutsThem) {
  EXPECT_EQ(conf_of("a:\n  b:\n    c: 1\n    # in b\n  # in a\n# in the file\nd:\n"),
            "a {\n    b {\n        c 1\n        # in b\n    }\n    # in a\n}\n# in the file\nd\n");
}

}  // namespace
}  // namespace holdfast::config
