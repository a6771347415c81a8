// Mails that wait, in virtual time.
#include "daemon/notify/mail_queue.h"

#include <gtest/gtest.h>

namespace holdfast::notify {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1000s};

Mail mail(std::string subject) { return {std::move(subject), "", 0, {}, 0}; }

TEST(MailQueue, ChangesThatComeTogetherLeaveTogether) {
  MailQueue queue;
  EXPECT_EQ(queue.due(), std::nullopt);
  queue.add(mail("a"), start);
  EXPECT_EQ(queue.due(), start + MailQueue::gather);
  queue.add(mail("b"), start + 50ms);
  EXPECT_EQ(queue.due(), start + MailQueue::gather);
  const auto batch = queue.take();
  ASSERT_EQ(batch.size(), 2U);
  EXPECT_EQ(batch[0].subject, "a");
  EXPECT_EQ(queue.due(), std::nullopt) << "one connection at a time";
  queue.settle({0, Fate::sent, "", {}});
  queue.settle({1, Fate::refused, "550", {}});
  EXPECT_EQ(queue.ended(start + 1s).pause, std::nullopt);
  EXPECT_TRUE(queue.is_idle());
}
TEST(MailQueue, WhatComesMeanwhileLeavesNext) {
  MailQueue queue;
  queue.add(mail("a"), start);
  queue.take();
  queue.add(mail("b"), start + 1s);
  queue.settle({0, Fate::sent, "", {}});
  queue.ended(start + 2s);
  EXPECT_EQ(queue.due(), start + 2s);
  EXPECT_EQ(queue.take().at(0).subject, "b");
}
TEST(MailQueue, AServerThatIsAwayIsTriedWithGrowingPausesAndThenGivenUp) {
  MailQueue queue;
  TimePoint now = start;
  queue.add(mail("a"), now);
  std::vector<Duration> pauses;
  std::size_t given_up = 0;
  while (!queue.is_idle()) {
    now = *queue.due();
    queue.take();
    const auto ended = queue.ended(now);
    given_up += ended.given_up;
    pauses.push_back(*ended.pause);
  }
  EXPECT_EQ(given_up, 1U);
  EXPECT_EQ(pauses, (std::vector<Duration>{5s, 10s, 20s, 40s, 80s, 160s, 5min, 5min}));
  queue.add(mail("b"), now);
  EXPECT_EQ(queue.due(), now + 5min) << "a new mail does not make the server come back";
}
TEST(MailQueue, PostponedMailsKeepTheirPlace) {
  MailQueue queue;
  for (const char* name : {"a", "b", "c"}) queue.add(mail(name), start);
  queue.take();
  queue.add(mail("d"), start);
  queue.settle({1, Fate::sent, "", {}});
  queue.settle({2, Fate::postponed, "451", {"x"}});
  const auto ended = queue.ended(start + 1s);
  EXPECT_EQ(ended.waiting, 3U);
  EXPECT_EQ(ended.pause, MailQueue::first_pause);
  const auto batch = queue.take();
  EXPECT_EQ(batch[0].subject, "a");
  EXPECT_EQ(batch[1].subject, "c");
  EXPECT_EQ(batch[1].owed, std::vector<std::string>{"x"});
  EXPECT_EQ(batch[1].attempts, 2U);
  EXPECT_EQ(batch[2].subject, "d");
}
TEST(MailQueue, IsBoundedAndDropsTheOldest) {
  MailQueue queue;
  for (std::size_t i = 0; i < MailQueue::most_waiting + 3; ++i)
    queue.add(mail(std::to_string(i)), start);
  EXPECT_EQ(queue.take_dropped(), 3U);
  EXPECT_EQ(queue.take_dropped(), 0U);
  EXPECT_EQ(queue.take().size(), MailQueue::most_in_batch);
  for (std::size_t i = 0; i < MailQueue::most_in_batch; ++i) queue.add(mail("new"), start);
  EXPECT_EQ(queue.ended(start).waiting, MailQueue::most_waiting);
  EXPECT_EQ(queue.take_dropped(), MailQueue::most_in_batch);
}
TEST(MailQueue, HurriesAtTheEnd) {
  MailQueue queue;
  queue.add(mail("a"), start);
  queue.take();
  queue.ended(start);
  queue.hurry();
  EXPECT_LE(*queue.due(), start);
}
TEST(MailQueue, StrangeOutcomesChangeNothing) {
  MailQueue queue;
  queue.settle({7, Fate::sent, "", {}});
  queue.add(mail("a"), start);
  queue.take();
  queue.settle({7, Fate::sent, "", {}});
  queue.settle({0, Fate::sent, "", {}});
  queue.settle({0, Fate::postponed, "", {}});
  queue.ended(start);
  EXPECT_TRUE(queue.is_idle());
}

}  // namespace
}  // namespace holdfast::notify
