#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "daemon/tool/convert.h"
#include "tests/unit/tool/files.h"

namespace holdfast::tool {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Convert : public WithFiles {
 protected:
  int run(const std::vector<std::string>& arguments) {
    out_.str("");
    error_.str("");
    return convert(arguments, {out_, error_});
  }

  std::ostringstream out_, error_;
};

TEST_F(Convert, PrintsTheOtherLanguage) {
  EXPECT_EQ(run({file("a.conf", "$P=7\nglobal_defs {\n  # why\n  vrrp_priority $P\n}\n")}), 0);
  EXPECT_EQ(out_.str(), "global_defs:\n  # why\n  vrrp_priority: 7\n");
  EXPECT_THAT(error_.str(), IsEmpty());
  EXPECT_EQ(run({file("a.yaml", "global_defs:\n  vrrp_priority: 7 # why\n")}), 0);
  EXPECT_EQ(out_.str(), "global_defs {\n    vrrp_priority 7  # why\n}\n");
  EXPECT_EQ(run({file("b", "global_defs:\n"), "--to", "yaml"}), 0);
  EXPECT_EQ(out_.str(), "global_defs:\n");
}

TEST_F(Convert, PrintsNothingThatWouldReadOtherwise) {
  EXPECT_EQ(run({file("a.yaml", "auth_pass: ${_PWD}\n")}), 2);
  EXPECT_THAT(out_.str(), IsEmpty());
  EXPECT_THAT(error_.str(), HasSubstr("(line 1): it would read something else"));
  EXPECT_EQ(run({file("a.conf", "auth_pass \xFF\n")}), 2);
  EXPECT_THAT(error_.str(), HasSubstr("not UTF-8"));
}

TEST_F(Convert, SaysWhatIsWrongWithTheFileOrTheCommandLine) {
  EXPECT_EQ(run({file("a.yaml", "a: *b\n")}), 2);
  EXPECT_THAT(error_.str(), HasSubstr("a.yaml:1:4: error: "));
  EXPECT_EQ(run({"/nonexistent/x.conf"}), 2);
  EXPECT_THAT(error_.str(), HasSubstr("cannot read '/nonexistent/x.conf'"));
  EXPECT_EQ(run({}), 1);
  EXPECT_EQ(run({"x", "--to", "xml"}), 1);
  EXPECT_EQ(run({"--frob"}), 1);
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Usage: holdfast convert"));
}

}  // namespace
}  // namespace holdfast::tool
