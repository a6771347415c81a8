#include "daemon/config/yaml.h"
#include "daemon/config/language.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/command.h"
#include "daemon/config/global.h"
#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct FromYaml {
  explicit FromYaml(std::string_view content, const YamlLimits& limits = {})
      : read{read_yaml("t.yaml", content, limits)}, tree{parse_tree(read.text, read.diagnostics)} {}
  /// `line:column severity message`, with lines of the file.
  [[nodiscard]] std::vector<std::string> found() const {
    std::vector<std::string> out;
    for (const Diagnostic& each : read.diagnostics.all())
      out.push_back(fmt::format("{}:{} {} {}", read.text.lines.at(each.place.line).number,
                                each.place.column, to_string(each.severity), each.message));
    return out;
  }
  [[nodiscard]] std::string first() const { return found().empty() ? "" : found().front(); }
  Expanded read;
  Tree tree;
};

std::string shape_of(std::string_view content) {
  const FromYaml yaml{content};
  EXPECT_THAT(yaml.found(), IsEmpty()) << content;
  return shape(yaml.tree);
}

TEST(Yaml, ReadsKeysAsKeywordsAndMappingsAsBlocks) {
  EXPECT_EQ(shape_of("global_defs:\n  router_id: lb1\nvrrp_instance VI_1:\n  priority: 100\n"),
            "global_defs { router_id lb1; }; vrrp_instance VI_1 { priority 100; };");
  EXPECT_EQ(shape_of("a: {}\nb: []\nc:\n"), "a {  }; b {  }; c;");
  EXPECT_EQ(shape_of(""), "");
  EXPECT_EQ(shape_of("# nothing\n---\n...\n"), "");
}

TEST(Yaml, ReadsAListOfLinesAsABlockAndAListOfMappingsAsARepetition) {
  EXPECT_EQ(shape_of("virtual_ipaddress:\n  - 10.0.0.1/24 dev eth0\n  - 10.0.0.2\n"),
            "virtual_ipaddress { 10.0.0.1/24 dev eth0; 10.0.0.2; };");
  EXPECT_EQ(shape_of("h:\n  url:\n    - path: /a\n    - {path: /b}\n"),
            "h { url { path /a; }; url { path /b; }; };");
  EXPECT_EQ(shape_of("- a: 1\n- a: 2\n- b c\n- [d, e f, {g: h}]\n- [i, '1']\n"),
            "a 1; a 2; b c; d \"e f\" { g h; }; i 1;");
  EXPECT_EQ(shape_of("k:\n  - [a, {x: 1}]\n  - [a, [y, z]]\n"), "k { a { x 1; }; a { y; z; }; };");
}

TEST(Yaml, TakesEveryScalarAsText) {
  EXPECT_EQ(shape_of("a: 010\nb: yes\nc: 0x1F\nd: 1.50\ne: 2024-01-01\nf: '*'\ng: off\n"),
            "a 010; b yes; c 0x1F; d 1.50; e 2024-01-01; f *; g off;");
}

TEST(Yaml, ReadsPlainValuesAsWordsAndQuotedOnesAsOneWord) {
  EXPECT_EQ(shape_of("a: b  c\nd: 'e f'\ng: \"\"\nh: '{'\ni: j{k}\nl: >-\n  m\n  n\n"),
            "a b c; d \"e f\"; g \"\"; h \"{\"; i \"j{k}\"; l \"m n\";");
}

TEST(Yaml, ReadsTextWithDoubleQuotesAsKeepalivedConfWould) {
  EXPECT_EQ(shape_of("a: '\"b c\" d'\ne \"f g\" h:\ni: j \"k l\"\n"),
            "a \"b c\" d; e \"f g\" h; i j \"k l\";");
}

TEST(Yaml, ReadsJson) {
  EXPECT_EQ(shape_of(R"({"v VI_1": {"state": "MASTER", "a": ["1.2.3.4 dev eth0"], "n": null}})"),
            "v VI_1 { state MASTER; a { 1.2.3.4 dev eth0; }; n; };");
}

TEST(Yaml, KeepsLinesAndColumnsForMessages) {
  FromYaml yaml{"global_defs:\n  # comment\n  router_id: lb1\n  vrrp_version:   7\n"};
  Reader reader{yaml.read.diagnostics};
  read_globals(yaml.tree, reader);
  ASSERT_THAT(yaml.found(), SizeIs(1));
  EXPECT_THAT(yaml.first(), testing::StartsWith("4:19 "));
  EXPECT_THAT(render(yaml.read.diagnostics.all()[0], yaml.read.text),
              testing::AllOf(HasSubstr("t.yaml:4:19: "), HasSubstr("\n    vrrp_version:   7\n"),
                             testing::EndsWith("\n                    ^")));
}

TEST(Yaml, KeepsPasswordsOutOfMessages) {
  FromYaml flow{"a: {auth_type: PASS, auth_pass: s3cret, auth_type: x}\n"};
  ASSERT_THAT(flow.found(), SizeIs(1));
  EXPECT_THAT(render(flow.read.diagnostics.all()[0], flow.read.text),
              testing::AllOf(HasSubstr("'auth_type' stands"), testing::Not(HasSubstr("s3cret"))));
}

TEST(Yaml, KeepsScriptLinesForTheirTokenizer) {
  const FromYaml yaml{
      "notify_master: \"/bin/echo \\\\x41 'b  c'\"\nnotify_backup: '\"/x y\" root'\n"};
  const auto master = read_command(yaml.tree[0], yaml.read.text);
  EXPECT_THAT(master.value().argv, ElementsAre("/bin/echo", "A", "b  c"));
  const auto backup = read_command(yaml.tree[1], yaml.read.text);
  EXPECT_THAT(backup.value().argv, ElementsAre("/x", "y"));
  EXPECT_EQ(backup.value().user->user, "root");
}

TEST(Yaml, RefusesAKeyTwiceInOneMapping) {
  EXPECT_EQ(FromYaml("a:\n  priority: 1\n  state: x\n  priority: 2\n").first(),
            "4:3 error 'priority' stands in this mapping already, on line 2: write a block that "
            "repeats as a list of mappings");
}

TEST(Yaml, RefusesAliasesTagsAndFurtherDocuments) {
  EXPECT_EQ(FromYaml("a: &x [b]\nc: *x\n").first(),
            "2:4 error aliases (*name) are not read: write the value again");
  EXPECT_EQ(FromYaml("a: !!int 1\n").first(),
            "1:4 error tags (!name) are not read: every value is text as it stands");
  EXPECT_THAT(FromYaml("a: 1\n---\nb: 2\n").first(), HasSubstr("a second document begins here"));
}

TEST(Yaml, SaysWhereItIsNotYaml) {
  EXPECT_EQ(FromYaml("a:\n\tb: 1\n").first(),
            "2:1 error YAML is not indented with tabs: use blanks");
  EXPECT_EQ(FromYaml("a: b: c\n").first(),
            "1:5 error a ': ' inside a value, or a wrong indentation: quote the value");
  EXPECT_EQ(FromYaml("a: /x\nb: \"/x y\" root\n").first(),
            "2:11 error text behind a closing quote: put the whole value into single quotes, as in "
            "'\"COMMAND ARGUMENT\" USER'");
  EXPECT_EQ(FromYaml("a: @b\n").first(), "1:4 error a value cannot begin so: put it in quotes");
  EXPECT_THAT(FromYaml("a: [b\n").first(), HasSubstr("a '[' is never closed"));
  EXPECT_THAT(FromYaml("global_defs {\n  router_id x\n}\n").first(),
              HasSubstr("in the language of keepalived.conf? Then its name must not end in .yaml"));
  EXPECT_EQ(FromYaml("a: 1\nb: \xFF\n").first(),
            "2:4 error the byte 0xff is not UTF-8, as YAML must be");
  EXPECT_THAT(FromYaml(std::string_view{"a: \0b\n", 6}).first(),
              HasSubstr("control character 0x00"));
}

TEST(Yaml, NeverLetsLinesDisappearInAQuote) {
  EXPECT_EQ(FromYaml("a: \"b\n").first(), "1:4 error this quote is never closed");
  EXPECT_EQ(FromYaml("a: 'b\n").first(), "1:4 error this quote is never closed");
  EXPECT_THAT(FromYaml("k:\n  a: \"b\n  c: d\"\n").first(),
              HasSubstr("2:6 error this quote is not closed before line 3"));
  EXPECT_EQ(shape_of("k:\n  a: \"b\n    c\\\\\"\n  e: 'f '' g'\n"),
            "k { a \"b c\\\"; e \"f ' g\"; };");
}

TEST(Yaml, SaysWhatALineCannotHold) {
  EXPECT_THAT(FromYaml("a: |\n  b\n  c\n").first(), HasSubstr("1:4 error a value is one line"));
  EXPECT_THAT(FromYaml("a: b \"c\n").first(), HasSubstr("is never closed"));
  EXPECT_THAT(FromYaml("a: b \"c\" {\n").first(), HasSubstr("a brace must stand inside"));
  EXPECT_THAT(FromYaml("- [a, 'b\"c']\n").first(), HasSubstr("one word cannot hold a '\"'"));
  EXPECT_THAT(FromYaml("? [a]\n: b\n").first(), HasSubstr("a keyword is text"));
  EXPECT_THAT(FromYaml("~: b\n").first(), HasSubstr("a keyword is missing here"));
  EXPECT_THAT(FromYaml("- []\n").first(), HasSubstr("a line without words"));
  EXPECT_THAT(FromYaml("- [a, {b: c}, d]\n").first(), HasSubstr("at the end of its line"));
  EXPECT_THAT(FromYaml("a: " + std::string(70'000, 'x')).first(),
              HasSubstr("a line of 70003 bytes"));
}

TEST(Yaml, GoesOnBehindAMistake) {
  const FromYaml yaml{"a: |\n  b\n  c\nd: e\n? [f]\n: g\nh: i\n"};
  EXPECT_THAT(yaml.found(), SizeIs(2));
  EXPECT_EQ(shape(yaml.tree), "d e; h i;");
}

TEST(Yaml, BoundsDepthAndSize) {
  EXPECT_THAT(FromYaml(std::string(100'000, '[')).first(), HasSubstr("nested more than 128 deep"));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  deep += std::string(40, ' ') + "b: c\n";
  EXPECT_THAT(FromYaml(deep).first(), HasSubstr("blocks are nested more than 32 deep"));
  EXPECT_THAT(FromYaml("[a, b, c, d]", {.nodes = 3}).first(), HasSubstr("more than 3 values"));
  EXPECT_THAT(FromYaml("[a, b, c, d]", {.lines = 2}).first(), HasSubstr("more than 2 lines"));
}

TEST(Yaml, ReadsADocumentOnOneLongLineInLinearSize) {
  std::string json = "[";
  for (int i = 0; i < 20'000; ++i) json += "{\"weight\": 1}, ";
  const FromYaml yaml{json + "last]"};
  EXPECT_THAT(yaml.tree, SizeIs(20'001));
  EXPECT_LT(serialize(yaml.read.text).size(), 2'000'000U);
}

TEST(YamlLanguage, IsToldByTheEndingOrTheFirstLine) {
  const auto yaml = [](std::string_view path, std::string_view content) {
    return language_of(path, content) == Language::yaml;
  };
  EXPECT_TRUE(yaml("a.yaml", "global_defs {\n"));
  EXPECT_TRUE(yaml("a.yml", ""));
  EXPECT_FALSE(yaml("a.conf", "global_defs:\n"));
  EXPECT_FALSE(yaml("a", ""));
  EXPECT_FALSE(yaml("a", "! comment: x\nglobal_defs {\n"));
  EXPECT_FALSE(yaml("a", "# comment: x\n\nglobal_defs\n{\n"));
  EXPECT_FALSE(yaml("a", "virtual_server fd00:: 80 {\n"));
  EXPECT_FALSE(yaml("a", "$A=b: c\n"));
  EXPECT_TRUE(yaml("a", "# comment\nglobal_defs:\n"));
  EXPECT_TRUE(yaml("a", "global_defs: {\n"));
  EXPECT_TRUE(yaml("a", "global_defs:   # why\n"));
  EXPECT_TRUE(yaml("a", "---\n"));
  EXPECT_TRUE(yaml("a", "{\"global_defs\": {}}"));
  EXPECT_TRUE(yaml("a", "- global_defs:\n"));
}

}  // namespace
}  // namespace holdfast::config
