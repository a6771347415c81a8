// Lines on their way into a FIFO that may not be read.
#include <gtest/gtest.h>

#include "daemon/notify_fifo.h"

namespace holdfast {
namespace {

TEST(FifoLines, AreInOrder) {
  FifoLines lines;
  lines.add("a");
  lines.add("b");
  EXPECT_EQ(lines.front(), "a");
  lines.pop();
  EXPECT_EQ(lines.front(), "b");
  lines.pop();
  EXPECT_TRUE(lines.is_empty());
  EXPECT_EQ(lines.take_dropped(), 0U);
}
TEST(FifoLines, TheOldestAreDroppedAndCounted) {
  FifoLines lines;
  for (std::size_t i = 0; i < FifoLines::most_waiting + 3; ++i) lines.add(std::to_string(i));
  EXPECT_EQ(lines.front(), "3");
  EXPECT_EQ(lines.take_dropped(), 3U);
  EXPECT_EQ(lines.take_dropped(), 0U);
}

}  // namespace
}  // namespace holdfast
