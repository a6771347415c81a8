// What an agent says, and what follows for its server.
#include "checkers/core/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/core/talk.h"

namespace holdfast::checkers {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint32_t weight = 8;

Verdict line(const std::string& text) {
  Verdict verdict = Verdict::passed();
  verdict.reason = text;
  return verdict;
}
AgentState fresh() { return {HealthRecord{}, weight}; }
/// The last verdict on these lines.
Verdict after(AgentState state, const std::vector<std::string>& lines) {
  Verdict verdict;
  for (const std::string& text : lines) verdict = state.apply(line(text), weight);
  return verdict;
}
bool is_up(const Verdict& verdict) { return verdict.kind == Verdict::Kind::passed; }

TEST(Agent, SaysWhetherTheServerIsUp) {
  EXPECT_TRUE(is_up(after(fresh(), {"up"})));
  for (const char* word : {"down", "fail", "failed", "stopped", "DOWN # disk is full"}) {
    const Verdict verdict = after(fresh(), {word});
    EXPECT_FALSE(is_up(verdict)) << word;
    EXPECT_EQ(verdict.reason, fmt::format("the agent says '{}'", word));
  }
  EXPECT_TRUE(is_up(after(fresh(), {"down", "up"})));
}
TEST(Agent, SetsAShareOfTheWeight) {
  EXPECT_EQ(after(fresh(), {"75%"}).weight, 6);
  EXPECT_EQ(after(fresh(), {"up 200%"}).weight, 16);
  EXPECT_EQ(after(fresh(), {"0%"}).weight, 0);
  EXPECT_EQ(after(fresh(), {"1%"}).weight, 1);  // a share that is not 0 is no drain
}
TEST(Agent, DrainIsWeightZeroAndMaintIsOut) {
  EXPECT_EQ(after(fresh(), {"drain"}).weight, 0);
  EXPECT_TRUE(is_up(after(fresh(), {"drain"})));
  EXPECT_FALSE(is_up(after(fresh(), {"maint"})));
  EXPECT_FALSE(is_up(after(fresh(), {"maint", "up"})));
  EXPECT_TRUE(is_up(after(fresh(), {"maint", "ready"})));
}
TEST(Agent, WhatALineDoesNotSpeakOfStays) {
  EXPECT_EQ(after(fresh(), {"50%", "up"}).weight, 4);
  EXPECT_EQ(after(fresh(), {"drain", "50%"}).weight, 0);
  EXPECT_EQ(after(fresh(), {"drain", "50%", "ready"}).weight, 4);
  EXPECT_FALSE(is_up(after(fresh(), {"down", "75%"})));
}
TEST(Agent, ALineThatCannotBeReadChangesNothingAndSaysWhatWasExpected) {
  AgentState state = fresh();
  state.apply(line("drain"), weight);
  for (const char* text :
       {"", "  ,", "healthy", "up 75", "-1%", "99999%", "%", "# only a remark"}) {
    const Verdict verdict = state.apply(line(text), weight);
    EXPECT_EQ(verdict.weight, 0) << text;
    EXPECT_THAT(verdict.warning, HasSubstr("expected up, down, fail, stopped, ready")) << text;
  }
  EXPECT_EQ(state.apply(line("ready"), weight).warning, "");
}
TEST(Agent, MaxconnIsRefusedByNameAndTheOthersCount) {
  const Verdict verdict = after(fresh(), {"up,50% maxconn:30"});
  EXPECT_EQ(verdict.weight, 4);
  EXPECT_THAT(verdict.warning, StartsWith("the agent's 'maxconn:30' is not supported"));
}
TEST(Agent, SilenceChangesNothing) {
  AgentState state = fresh();
  state.apply(line("down"), weight);
  const Verdict verdict = state.apply(Verdict::failed("connect: refused"), weight);
  EXPECT_FALSE(is_up(verdict));
  EXPECT_EQ(verdict.warning, "the agent says nothing (connect: refused); what it said last stays");
  EXPECT_TRUE(is_up(fresh().apply(Verdict::failed("connect: refused"), weight)));
}
TEST(Agent, ASuccessorBeginsWithTheVerdictAndTheWeight) {
  const auto successor = [](bool up, std::int64_t contribution) {
    return AgentState{HealthRecord{up, true, 0, contribution}, weight};
  };
  EXPECT_EQ(after(successor(true, -8), {"up"}).weight, 0);
  EXPECT_EQ(after(successor(true, -8), {"ready"}).weight, 8);
  EXPECT_EQ(after(successor(true, -2), {"up"}).weight, 6);
  EXPECT_FALSE(is_up(after(successor(false, 0), {"75%"})));
  EXPECT_EQ(successor(true, -2).contribution(100), -25);
  EXPECT_EQ(successor(true, -8).contribution(100), -100);
}

Action after_bytes(Talk& talk, std::string_view bytes) {
  Action action = talk.next();
  talk.add(bytes);
  return talk.next();
}
TEST(AgentTalk, ReadsOneLine) {
  const auto talk = make_agent({"check\n"});
  EXPECT_EQ(std::get<Send>(talk->next()).bytes, "check\n");
  EXPECT_TRUE(std::holds_alternative<Receive>(after_bytes(*talk, "up 7")));
  EXPECT_EQ(std::get<Done>(after_bytes(*talk, "5%\r\nmore")).verdict.reason, "up 75%");
}
TEST(AgentTalk, TheEndOfTheConnectionEndsTheLine) {
  const auto talk = make_agent({});
  after_bytes(*talk, "drain");
  talk->end();
  EXPECT_EQ(std::get<Done>(talk->next()).verdict.reason, "drain");
}
TEST(AgentTalk, AnEndlessLineFails) {
  const auto talk = make_agent({});
  EXPECT_THAT(std::get<Done>(after_bytes(*talk, std::string(2000, 'x'))).verdict.reason,
              StartsWith("line: more than 1024 bytes; came 'xxx"));
}

}  // namespace
}  // namespace holdfast::checkers
