#include "daemon/config/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

bool same(const Text& a, const Text& b) {
  const auto equal = [](const Line& x, const Line& y) {
    return x.text == y.text && x.file == y.file && x.number == y.number;
  };
  return a.files == b.files && std::ranges::equal(a.lines, b.lines, equal);
}

Text sample() {
  return {{"a.conf", "dir/b with blank.conf"}, {{"x { y", 0, 1}, {"", 1, 7}, {"\"#\"", 0, 2}}};
}

TEST(Text, ComesBackFromItsSerializedForm) {
  const auto read = parse_text(serialize(sample()));
  ASSERT_TRUE(read);
  EXPECT_TRUE(same(*read, sample()));
}

RC_GTEST_PROP(Text, OfAnyBytesComesBack, (const std::vector<std::string>& lines)) {
  Text text{{"f"}, {}};
  for (const std::string& line : lines)
    text.lines.push_back({line, 0, static_cast<std::uint32_t>(text.lines.size() + 1)});
  const auto read = parse_text(serialize(text));
  RC_ASSERT(read.has_value());
  RC_ASSERT(same(*read, text));
}

TEST(Text, CutAnywhereIsRefused) {
  const std::string whole = serialize(sample());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_text(whole.substr(0, size))) << size;
}

TEST(Text, WithBytesBehindItsEndIsRefused) { EXPECT_FALSE(parse_text(serialize(sample()) + "x")); }

TEST(Text, ThatNamesAFileItDoesNotListIsRefused) {
  EXPECT_TRUE(parse_text("holdfast-configuration 1\n1\n1\nf\n1\n0 1 1\nx\n"));
  EXPECT_FALSE(parse_text("holdfast-configuration 1\n1\n1\nf\n1\n1 1 1\nx\n"));
}

TEST(Text, ThatPromisesMoreThanItHoldsIsRefusedBeforeMemoryIsTaken) {
  EXPECT_FALSE(parse_text("holdfast-configuration 1\n0\n4000000\n"));
  EXPECT_FALSE(parse_text("holdfast-configuration 1\n18446744073709551615\n"));
  EXPECT_FALSE(parse_text("holdfast-configuration 1\n1\n18446744073709551615\nf\n0\n"));
}

}  // namespace
}  // namespace holdfast::config
