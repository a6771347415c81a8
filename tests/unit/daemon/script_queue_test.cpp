#include "daemon/script_queue.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

ScriptJob job(const std::string& object, const std::string& state) { return {object, {state}, {}}; }

TEST(ScriptQueue, ScriptsOfOneObjectRunOneAtATimeInOrder) {
  ScriptQueue queue;
  for (const char* state : {"MASTER", "BACKUP", "MASTER"}) queue.push(job("VI_1", state));
  EXPECT_EQ(queue.next()->argv[0], "MASTER");
  EXPECT_EQ(queue.next(), std::nullopt);
  queue.finished("VI_1");
  EXPECT_EQ(queue.next()->argv[0], "BACKUP");
  queue.finished("VI_1");
  EXPECT_EQ(queue.next()->argv[0], "MASTER");
  EXPECT_FALSE(queue.is_idle());
  queue.finished("VI_1");
  EXPECT_TRUE(queue.is_idle());
}
TEST(ScriptQueue, ObjectsDoNotWaitForEachOther) {
  ScriptQueue queue;
  queue.push(job("VI_1", "MASTER"));
  queue.push(job("VI_2", "MASTER"));
  EXPECT_EQ(queue.next()->object, "VI_1");
  EXPECT_EQ(queue.next()->object, "VI_2");
}
TEST(ScriptQueue, TheNewestStateIsNeverDropped) {
  ScriptQueue queue;
  queue.push(job("VI_1", "running"));
  ASSERT_TRUE(queue.next());
  for (std::size_t i = 0; i < ScriptQueue::most_pending; ++i)
    EXPECT_EQ(queue.push(job("VI_1", std::to_string(i))), std::nullopt);
  EXPECT_EQ(queue.push(job("VI_1", "newest"))->argv[0], "0");
  std::string last;
  queue.finished("VI_1");
  while (auto next = queue.next()) {
    last = next->argv[0];
    queue.finished("VI_1");
  }
  EXPECT_EQ(last, "newest");
}
TEST(ScriptQueue, TheNumberOfRunningScriptsIsBounded) {
  ScriptQueue queue;
  for (int i = 0; i < 200; ++i) queue.push(job(std::to_string(i), "MASTER"));
  std::size_t running = 0;
  while (queue.next()) ++running;
  EXPECT_EQ(running, ScriptQueue::most_running);
  queue.finished("0");
  EXPECT_TRUE(queue.next());
}

}  // namespace
}  // namespace holdfast
