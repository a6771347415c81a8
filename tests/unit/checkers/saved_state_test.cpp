#include "checkers/core/saved_state.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast::checkers {
namespace {

SavedState example() {
  SavedState state;
  SavedService& service = state["[10.0.0.1]:tcp:80"];
  service.quorum = true;
  service.servers["[10.0.0.2]:tcp:80"].checks["TCP_CHECK 10.0.0.2:80"] = {
      {true, true, 1, 7}, Finding{"passed", TimePoint{Duration{12345}}}};
  service.servers["[10.0.0.2]:tcp:80"].checks["HTTP_GET 10.0.0.2:80 /"] = {
      {false, true, 0, 0}, Finding{"503 instead of 200", TimePoint{Duration{99}}}};
  service.servers["[10.0.0.3]:tcp:80"].word = {Mode::maint, TimePoint{Duration{77}}};
  state["FWM 7"].leaving = {
      {{*IpAddress::parse("10.0.0.4"), 80},
       {ipvs::Forwarding::tunnel,
        0,
        7,
        3,
        {ipvs::TunnelType::gue, 5555, ipvs::TunnelChecksum::remote}},
       TimePoint{Duration{1234567890123}}},
      {{*IpAddress::parse("fd00::1"), 81}, {ipvs::Forwarding::direct_route, 0}, TimePoint{}}};
  return state;
}

TEST(SavedState, ComesBackAsItWas) { EXPECT_EQ(saved_state(to_bytes(example())), example()); }
TEST(SavedState, OfACheckThatItDoesNotHaveItSaysWhatTheServerWas) {
  const SavedServer server = example().at("[10.0.0.1]:tcp:80").servers.at("[10.0.0.2]:tcp:80");
  EXPECT_TRUE(server.record_for("TCP_CHECK 10.0.0.2:80").health.up);
  const CheckRecord other = server.record_for("TCP_CHECK 10.0.0.2:81");
  EXPECT_FALSE(other.health.up);
  EXPECT_TRUE(other.health.judged) << "its first failure is none of a start";
}
TEST(SavedState, AnOperatorsWordIsReadOrRefusedWhole) {
  const OperatorsWord word{Mode::drain, TimePoint{Duration{1234567890123}}};
  const auto bytes = to_bytes(word);
  EXPECT_EQ(operators_word(bytes), word);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(operators_word(Bytes{bytes}.first(size))) << size;
  auto unknown = bytes;
  unknown.front() = std::byte{3};
  EXPECT_FALSE(operators_word(unknown));
}
TEST(SavedState, ALeavingServerIsReadOrRefusedWhole) {
  const LeavingServer server = example().at("FWM 7").leaving.front();
  const auto bytes = to_bytes(server);
  EXPECT_EQ(leaving_server(bytes), server);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(leaving_server(Bytes{bytes}.first(size))) << size;
  for (const auto& [at, wrong] : {std::pair{0, 1}, std::pair{9, 3}, std::pair{10, 3}}) {
    auto changed = bytes;
    changed[static_cast<std::size_t>(at)] = std::byte(wrong);
    EXPECT_FALSE(leaving_server(changed)) << at;
  }
}
TEST(SavedState, ATruncatedOneIsRefused) {
  const std::string whole = to_bytes(example());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(saved_state(std::string_view{whole}.substr(0, size))) << size;
  EXPECT_FALSE(saved_state(whole + "x"));
}
RC_GTEST_PROP(SavedState, ForeignBytesAreReadOrRefused,
              (const std::vector<std::pair<std::uint16_t, char>>& changes)) {
  std::string bytes = to_bytes(example());
  for (const auto& [at, value] : changes) bytes[at % bytes.size()] = value;
  if (const auto state = saved_state(bytes)) RC_ASSERT(saved_state(to_bytes(*state)) == state);
}

}  // namespace
}  // namespace holdfast::checkers
