#include "checkers/core/health.h"

#include <gtest/gtest.h>

namespace holdfast::checkers {
namespace {

using std::chrono::seconds;

FinalTiming timing(std::uint32_t retry, bool alpha = false) {
  FinalTiming out;
  out.retry = retry;
  out.delay_before_retry = seconds{1};
  out.delay_loop = seconds{10};
  out.alpha = alpha;
  return out;
}
const Verdict pass = Verdict::passed();
const Verdict fail = Verdict::failed("no");

TEST(Health, BeginsUpAndWithAlphaDown) {
  EXPECT_TRUE(Health{timing(1)}.is_up());
  EXPECT_FALSE(Health{timing(1, true)}.is_up());
}
TEST(Health, DuringStartOneFailureIsEnough) {
  Health health{timing(3)};
  const auto outcome = health.apply(fail, timing(3));
  EXPECT_TRUE(outcome.changed);
  EXPECT_TRUE(outcome.first);
  EXPECT_FALSE(health.is_up());
}
TEST(Health, LaterAFailureCountsAfterTheRetries) {
  Health health{timing(2)};
  health.apply(pass, timing(2));
  for (int i = 0; i < 2; ++i) {
    const auto suspect = health.apply(fail, timing(2));
    EXPECT_FALSE(suspect.changed);
    EXPECT_TRUE(health.is_suspect());
    EXPECT_EQ(suspect.next, seconds{1});
  }
  const auto down = health.apply(fail, timing(2));
  EXPECT_TRUE(down.changed);
  EXPECT_EQ(down.next, seconds{10});
}
TEST(Health, ASuccessForgetsTheFailures) {
  Health health{timing(1)};
  health.apply(pass, timing(1));
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(health.apply(fail, timing(1)).changed);
    EXPECT_FALSE(health.apply(pass, timing(1)).changed);
  }
}
TEST(Health, OneSuccessBringsItBack) {
  Health health{timing(0)};
  health.apply(fail, timing(0));
  EXPECT_TRUE(health.apply(pass, timing(0)).changed);
  EXPECT_TRUE(health.is_up());
}
TEST(Health, WhatCouldNotBeTriedSaysNothing) {
  Health health{timing(0)};
  health.apply(pass, timing(0));
  for (int i = 0; i < 10; ++i)
    EXPECT_FALSE(health.apply(Verdict::not_run("no descriptors"), timing(0)).changed);
  EXPECT_TRUE(health.is_up());
}
TEST(Health, ASuccessorGoesOnWithTheRecord) {
  Health health{timing(2)};
  health.apply(pass, timing(2));
  health.apply(fail, timing(2));
  Health successor{health.record()};
  EXPECT_FALSE(successor.apply(fail, timing(2)).changed);
  EXPECT_TRUE(successor.apply(fail, timing(2)).changed);
}

TEST(Health, RiseSuccessesInARowBringItBack) {
  FinalTiming patient = timing(0);
  patient.rise = 3;
  Health health{patient};
  health.apply(fail, patient);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 2; ++i) {
      const auto outcome = health.apply(pass, patient);
      EXPECT_FALSE(outcome.changed);
      EXPECT_EQ(outcome.next, seconds{10});
    }
    if (round == 0) {
      EXPECT_FALSE(health.apply(fail, patient).changed) << "counts from the start";
    }
  }
  EXPECT_TRUE(health.apply(pass, patient).changed);
  EXPECT_TRUE(health.is_up());
}
TEST(Health, RiseCountsForAServerThatBeginsDown) {
  FinalTiming patient = timing(1, true);
  patient.rise = 2;
  Health health{patient};
  EXPECT_FALSE(health.apply(pass, patient).changed);
  EXPECT_FALSE(health.apply(Verdict::not_run("no descriptors"), patient).changed);
  EXPECT_TRUE(health.apply(pass, patient).changed);
}
TEST(Health, ASuccessorGoesOnCountingSuccesses) {
  FinalTiming patient = timing(0);
  patient.rise = 3;
  Health health{patient};
  health.apply(fail, patient);
  health.apply(pass, patient);
  Health successor{health.record()};
  EXPECT_FALSE(successor.apply(pass, patient).changed);
  EXPECT_TRUE(successor.apply(pass, patient).changed);
}

}  // namespace
}  // namespace holdfast::checkers
