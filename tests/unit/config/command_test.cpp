// grammar.md sections 4.2 and 14. The double reading of escapes was seen in keepalived 2.2.7.
#include "daemon/config/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(std::string_view text) {
  const auto words = split_command(text);
  return words ? *words : std::vector<std::string>{"error: " + words.error().what};
}

TEST(SplitCommand, CutsAtBlanks) { EXPECT_THAT(split(" a  b\tc "), ElementsAre("a", "b", "c")); }

TEST(SplitCommand, KnowsBothQuotesAndJoinsAdjacentParts) {
  EXPECT_THAT(split(R"(a'b c'"d e"f)"), ElementsAre("ab cd ef"));
  EXPECT_THAT(split(R"('"' "'")"), ElementsAre("\"", "'"));
  EXPECT_THAT(split(R"('' x)"), ElementsAre("", "x"));
}

TEST(SplitCommand, KnowsTheEscapes) {
  EXPECT_THAT(split(R"(\a\b\E\f\n\r\t\v)"), ElementsAre("\a\b\033\f\n\r\t\v"));
  EXPECT_THAT(split(R"(\101\1018 \x41 \x4g \cA \q\ z)"),
              ElementsAre("AA8", "A", "\x04g", "\x01", "q z"));
}

TEST(SplitCommand, KeepsAQuoteBehindABackslash) {
  EXPECT_THAT(split(R"("a \" b")"), ElementsAre("a \" b"));
}

TEST(SplitCommand, RefusesWhatIsNotFinished) {
  EXPECT_FALSE(split_command("a 'b"));
  EXPECT_FALSE(split_command("a \"b"));
  EXPECT_FALSE(split_command("a \\"));
  EXPECT_FALSE(split_command("  "));
  EXPECT_FALSE(split_command(""));
}

TEST(SplitCommand, RefusesMoreWordsThanAnyScriptIsCalledWith) {
  std::string text;
  for (int i = 0; i < 1001; ++i) text += "a ";
  EXPECT_FALSE(split_command(text));
}

RC_GTEST_PROP(SplitCommand, ReturnsEveryQuotedWord, (const std::vector<std::string>& words)) {
  RC_PRE(!words.empty() && words.size() < 1000);
  std::string text;
  for (const std::string& word : words) {
    text += " \"";
    for (const char c : word) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  RC_ASSERT(split(text) == words);
}

std::string shown(const Result<Command>& command) {
  if (!command) return "error: " + command.error().what;
  std::string out = fmt::format("[{}]", fmt::join(command->argv, "|"));
  if (command->user)
    out += fmt::format(" {} {}{}", command->user->user,
                       command->user->supplementary_groups ? ":" : "", command->user->group);
  return out;
}

std::string command_of(std::string_view line) {
  const Parsed parsed{line};
  const Statement* statement = &parsed.tree[0];
  if (statement->has_block) statement = &statement->children[0];
  return shown(read_command(*statement, parsed.text));
}

TEST(ReadCommand, SplitsTheQuotedCommandIntoItsArguments) {
  EXPECT_EQ(command_of("notify \"/bin/x a b\""), "[/bin/x|a|b]");
  EXPECT_EQ(command_of("notify '/bin/x a b'"), "[/bin/x|a|b]");
  EXPECT_EQ(command_of("notify /bin/x"), "[/bin/x]");
}

TEST(ReadCommand, TakesUserAndGroupFromTheWordsBehindTheCommand) {
  EXPECT_EQ(command_of("notify \"/bin/x a\" root"), "[/bin/x|a] root ");
  EXPECT_EQ(command_of("notify /bin/x nobody nogroup"), "[/bin/x] nobody nogroup");
  EXPECT_EQ(command_of("notify /bin/x nobody :nogroup more"), "[/bin/x] nobody :nogroup");
}

TEST(ReadCommand, ReadsEscapesTwiceAsKeepalivedDoes) {
  EXPECT_EQ(command_of(R"(notify "/bin/x \\x41 'y z' \"v w\" \x42")"), "[/bin/x|A|y z|v w|B]");
  EXPECT_EQ(command_of(R"(notify /bin/x\ a\ b)"), "[/bin/x|a|b]");
  EXPECT_EQ(command_of(R"(notify "/bin/"x root)"), "[/bin/x] root ");
}

TEST(ReadCommand, EndsAtABraceOutsideDoubleQuotes) {
  EXPECT_EQ(command_of("i { notify \"/bin/x {}\" root }"), "[/bin/x|{}] root ");
}

TEST(ReadCommand, SaysWhatIsMissing) {
  EXPECT_EQ(command_of("notify"), "error: 'notify' needs a command");
  EXPECT_EQ(command_of("notify \"\""), "error: an empty command");
  EXPECT_EQ(command_of("notify \"'a\""), "error: a quote ' in a command is never closed");
}

TEST(ScriptKeyword, IsWhatAWorkerMayAskFor) {
  EXPECT_TRUE(is_script_keyword("notify_master"));
  EXPECT_TRUE(is_script_keyword("quorum_down"));
  EXPECT_FALSE(is_script_keyword("notification_email"));
}

}  // namespace
}  // namespace holdfast::config
