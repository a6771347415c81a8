#include "checkers/core/admission.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast::checkers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// 'u' up, 'd' down (in the order of the text), 'n' down and never was up, 'D' and 'M' modes
std::vector<Candidate> of(const std::string& text) {
  std::vector<Candidate> servers;
  for (const char c : text) {
    Candidate server{c != 'd' && c != 'n', c != 'n', Mode::normal, servers.size()};
    if (c == 'D') server.mode = Mode::drain;
    if (c == 'M') server.mode = Mode::maint;
    servers.push_back(server);
  }
  return servers;
}
std::string in_use(const std::string& text, const Limits& limits) {
  std::string out;
  for (const bool used : admit(of(text), limits).in_use) out += used ? '1' : '0';
  return out;
}

TEST(Admission, WithoutLimitsTheChecksDecide) { EXPECT_EQ(in_use("udnDM", {}), "10000"); }
TEST(Admission, WhenMostLookDeadTheChecksAreDistrusted) {
  EXPECT_EQ(in_use("uudd", {50, 0}), "1100") << "half of them is not fewer";
  EXPECT_EQ(in_use("uddd", {50, 0}), "1111");
  EXPECT_TRUE(admit(of("dddd"), {1, 0}).panic);
  EXPECT_EQ(in_use("dddd", {1, 0}), "1111");
}
TEST(Admission, WhoNeverWasUpIsNotBroughtIn) {
  EXPECT_EQ(in_use("uddn", {50, 0}), "1110");
  EXPECT_EQ(in_use("nnnn", {100, 50}), "0000");
  EXPECT_FALSE(admit(of("nnnn"), {100, 0}).panic);
}
TEST(Admission, WhatAnOperatorTookOutStaysOut) { EXPECT_EQ(in_use("dDMd", {50, 0}), "1001"); }
TEST(Admission, NoMoreThanTheShareIsOutAtOnce) {
  EXPECT_EQ(in_use("uddd", {0, 50}), "1001") << "the first ones to fail go";
  EXPECT_EQ(in_use("dddd", {0, 100}), "0000");
  EXPECT_EQ(in_use("uud", {0, 10}), "110") << "one always may go";
}
RC_GTEST_PROP(Admission, DistrustOnlyAddsAndALimitHolds, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"udnDM"}));
  const Limits limits{*rc::gen::inRange(0U, 101U), *rc::gen::inRange(0U, 101U)};
  const auto servers = of(text);
  const Admission all = admit(servers, limits);
  std::size_t ejected = 0;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (servers[i].mode == Mode::normal && servers[i].alive) RC_ASSERT(all.in_use[i]);
    if (servers[i].mode != Mode::normal || !servers[i].was_in) RC_ASSERT(!all.in_use[i]);
    ejected += servers[i].mode == Mode::normal && servers[i].was_in && !all.in_use[i] ? 1 : 0;
  }
  if (limits.max_ejected > 0)
    RC_ASSERT(ejected <= std::max<std::size_t>(1, all.counted * limits.max_ejected / 100));
  if (all.panic) RC_ASSERT(ejected == 0U);
}

TEST(SlowStart, RampsFromOneToTheWholeWeight) {
  EXPECT_EQ(ramped(101, Duration{0}, seconds{10}), 1U);
  EXPECT_EQ(ramped(101, seconds{5}, seconds{10}), 51U);
  EXPECT_EQ(ramped(101, milliseconds{9999}, seconds{10}), 100U);
  EXPECT_EQ(ramped(101, seconds{10}, seconds{10}), 101U);
  EXPECT_EQ(ramped(1, Duration{0}, seconds{10}), 1U);
  EXPECT_EQ(ramped(0, seconds{1}, seconds{10}), 0U);
  EXPECT_EQ(ramped(2147483647, milliseconds{1}, seconds{1}), 2147484U) << "no overflow";
}
TEST(Drain, EndsWithTheLastConnection) {
  EXPECT_TRUE(is_drained({0, 0}, true, Duration{0}));
  EXPECT_FALSE(is_drained({1, 0}, true, seconds{1000}));
  EXPECT_FALSE(is_drained({0, 3}, true, seconds{9})) << "a handshake may be under way";
  EXPECT_TRUE(is_drained({0, 3}, true, seconds{10})) << "only what ends is left";
  EXPECT_FALSE(is_drained({0, 3}, false, seconds{1000})) << "of UDP all are inactive";
}

}  // namespace
}  // namespace holdfast::checkers
