#include "daemon/config/diagnostic.h"

#include <gtest/gtest.h>

#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

TEST(Diagnostic, ShowsFileLineColumnAndPointsAtTheWord) {
  const Text text = text_of("a\n  priority 300\n");
  EXPECT_EQ(render({Severity::warning, {1, 12}, "too large"}, text),
            "t.conf:2:12: warning: too large\n"
            "    priority 300\n"
            "             ^");
}

TEST(Diagnostic, LeavesTheExcerptOutWhereTheLineWasUsedUp) {
  const Text text = text_of("\n");
  EXPECT_EQ(render({Severity::error, {0, 9}, "no file matches 'x'"}, text),
            "t.conf:1:9: error: no file matches 'x'");
}

TEST(Diagnostic, WithoutAPlaceInTheTextIsTheMessageAlone) {
  EXPECT_EQ(render({Severity::note, {7, 1}, "hello"}, text_of("a")), "note: hello");
}

TEST(Diagnostic, OfALongLineShowsThePartAroundTheColumn) {
  const Text text = text_of(std::string(1000, 'x') + "HERE" + std::string(1000, 'y'));
  const std::string shown = render({Severity::note, {0, 1001}, "m"}, text);
  EXPECT_LT(shown.size(), 500U);
  const std::size_t line = shown.find('\n') + 1;
  const std::size_t caret = shown.rfind('\n') + 1;
  EXPECT_EQ(shown.find('^', caret) - caret, shown.find("HERE", line) - line);
}

TEST(Diagnostic, NeverShowsControlCharacters) {
  const std::string shown = render({Severity::note, {0, 1}, "m"}, text_of("a\x1b[31m\tb\x7f"));
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_EQ(shown.find('\t'), std::string::npos);
  EXPECT_EQ(shown.find('\x7f'), std::string::npos);
}

TEST(Diagnostics, KeepsOnlySoManyFindingsAndCountsTheRest) {
  Diagnostics diagnostics;
  for (std::size_t i = 0; i < Diagnostics::limit + 5; ++i)
    diagnostics.add(Severity::note, {0, 1}, "again");
  EXPECT_EQ(diagnostics.all().size(), Diagnostics::limit);
  EXPECT_EQ(diagnostics.dropped(), 5U);
}

TEST(Diagnostics, KeepAnErrorBehindAnyNumberOfNotes) {
  Diagnostics diagnostics;
  for (std::size_t i = 0; i < 2 * Diagnostics::limit; ++i)
    diagnostics.add(Severity::note, {0, 1}, "again");
  EXPECT_FALSE(diagnostics.has(Severity::warning));
  EXPECT_FALSE(diagnostics.is_full(Severity::error));
  diagnostics.add(Severity::error, {0, 1}, "this one");
  EXPECT_TRUE(diagnostics.has(Severity::error));
  EXPECT_EQ(diagnostics.all().back().message, "this one");
}

TEST(Diagnostics, KnowsTheWorstThatWasFound) {
  Diagnostics diagnostics;
  diagnostics.add(Severity::warning, {0, 1}, "w");
  EXPECT_TRUE(diagnostics.has(Severity::note));
  EXPECT_TRUE(diagnostics.has(Severity::warning));
  EXPECT_FALSE(diagnostics.has(Severity::error));
}

}  // namespace
}  // namespace holdfast::config
