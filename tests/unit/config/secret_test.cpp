#include "daemon/config/secret.h"

#include <gtest/gtest.h>

#include "daemon/config/yaml.h"
#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

TEST(Secret, IsMaskedBehindItsKeywordHoweverItIsWritten) {
  EXPECT_EQ(masked("  auth_pass s3cret", false), "  auth_pass ******");
  EXPECT_EQ(masked("auth_pass=s3cret", false), "auth_pass*******");
  EXPECT_EQ(masked("password \"a b\"", false), "password ** **");
  EXPECT_EQ(masked("pasword x", false), "pasword *");
  EXPECT_EQ(masked("authentication { pass x }", false), "authentication * **** * *");
  EXPECT_EQ(masked("  auth_hmac {", false), "  auth_hmac {");
  EXPECT_EQ(masked("auth_pass: s3cret", false), "auth_pass* ******");
  EXPECT_EQ(masked("a: {b: c, auth_hmac: {kye: 1 s}}", false), "a: {b: c, auth_hmac* ***** * ***");
  EXPECT_EQ(masked("state MASTER", false), "state MASTER");
}

TEST(Secret, IsEveryArgumentInsideABlockThatHoldsOne) {
  EXPECT_EQ(masked("  kye 2 hex:aa", true), "  kye * ******");
  EXPECT_EQ(masked("  - kye: 2 aa", true), "  - kye* * **");
  EXPECT_EQ(masked("  0123456789abcdef", true), "  ****************");  // its keyword is missing
  EXPECT_EQ(masked("  }", true), "  }");
}

TEST(Secret, IsInNoMessage) {
  const std::string_view line = "kye 2 hex:0011223344";
  EXPECT_EQ(without_secrets("unknown keyword 'kye' (did you mean 'key'?)", line, true),
            "unknown keyword 'kye' (did you mean 'key'?)");
  EXPECT_EQ(without_secrets("found 'hex:0011223344', 2..5", line, true), "found '********', 2..5");
  EXPECT_EQ(without_secrets("found 'hex:001...' and '2'", line, true),
            "found '********' and '********'");
  EXPECT_EQ(without_secrets("unknown keyword 'auth_pass=s3' (did you mean 'auth_pass s3'?)",
                            "auth_pass=s3", false),
            "unknown keyword 'auth_pass=********' (did you mean 'auth_pass ********'?)");
  EXPECT_EQ(without_secrets("'auth_type' is there twice", "{auth_type: A, auth_type: B}", false),
            "'auth_type' is there twice");
  EXPECT_EQ(without_secrets("found 'it's me!!'", "auth_pass it's me!!", false).find("me!!"),
            std::string::npos);
}

TEST(Secret, BlockIsFoundAroundALine) {
  const Text text = text_of(
      "vrrp_instance V {\n  auth_hmac {\n    x \"}\"\n    y {\n  z\n}\n  a\n }\n b\n}\n"
      "auth_hmac\n{\n k\n}\nl\nm { auth_hmac {\nn\n");
  std::string inside;
  for (std::uint32_t i = 0; i < text.lines.size(); ++i)
    inside += is_in_secret_block(text, i) ? '1' : '0';
  EXPECT_EQ(inside, "00111111000011001");
}

TEST(Secret, OfYamlIsMaskedWhereTheFileCannotBeRead) {
  const Expanded read =
      read_yaml("a.yaml", "v V:\n  auth_hmac:\n    - key 1 aabb\n    - kye: 2 ccdd: x\n");
  ASSERT_FALSE(read.diagnostics.all().empty());
  const std::string shown = render(read.diagnostics.all()[0], read.text);
  EXPECT_EQ(shown.find("ccdd"), std::string::npos) << shown;
  EXPECT_NE(shown.find("kye"), std::string::npos) << shown;
}

}  // namespace
}  // namespace holdfast::config
