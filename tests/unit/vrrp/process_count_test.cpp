#include "vrrp/core/process_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace holdfast::vrrp {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint start{1h};

ProcessSettings settings(const std::string& command) {
  ProcessSettings made;
  made.name = "p";
  made.command = command;
  return made;
}
ProcessImage image(const std::string& name, std::vector<std::string> arguments = {}) {
  return {name, std::move(arguments)};
}
/// How many of these images a tracker counts.
std::size_t counted(const ProcessSettings& tracker, const std::vector<ProcessImage>& images) {
  ProcessCount count;
  count.set({tracker});
  ProcessId pid = 1;
  for (const ProcessImage& one : images) count.seen(pid++, one);
  return count.count("p");
}

TEST(ProcessCount, NamesAreComparedUpTo15Characters) {
  EXPECT_EQ(counted(settings("haproxy"), {image("haproxy"), image("haproxy2"), image("a")}), 1U);
  EXPECT_EQ(counted(settings("a-very-long-program-name"), {image("a-very-long-pro")}), 1U);
}
TEST(ProcessCount, FullCommandComparesTheCommandLine) {
  ProcessSettings full = settings("/usr/sbin/nginx");
  full.full_command = true;
  EXPECT_EQ(counted(full, {image("nginx", {"/usr/sbin/nginx"}), image("nginx", {"nginx"}),
                           image("kthreadd")}),
            1U);
}
TEST(ProcessCount, ParametersAreComparedAsAsked) {
  const std::vector<ProcessImage> images{
      image("d", {"d"}), image("d", {"d", "-f", "/etc/a"}), image("d", {"d", "-f", "/etc/a", "-x"}),
      image("d", {"d", "-f", "/etc/abc"}), image("d", {"d", "-x"})};
  ProcessSettings tracker = settings("d");
  tracker.parameters = {"-f", "/etc/a"};
  EXPECT_EQ(counted(tracker, images), 5U);
  tracker.param_match = ParamMatch::exact;
  EXPECT_EQ(counted(tracker, images), 1U);
  tracker.param_match = ParamMatch::partial;
  EXPECT_EQ(counted(tracker, images), 2U);
  tracker.param_match = ParamMatch::initial;
  EXPECT_EQ(counted(tracker, images), 3U);
  tracker.parameters.clear();
  EXPECT_EQ(counted(tracker, images), 5U);
  tracker.param_match = ParamMatch::exact;
  EXPECT_EQ(counted(tracker, images), 1U);
}
TEST(ProcessCount, QuorumIsAMinimumAndQuorumMaxAMaximum) {
  struct Case {
    std::uint32_t quorum;
    std::optional<std::uint32_t> most;
    int count;
    bool good;
  };
  for (const Case& c :
       {Case{1, {}, 0, false}, Case{1, {}, 1, true}, Case{2, 3, 1, false}, Case{2, 3, 3, true},
        Case{2, 3, 4, false}, Case{1, 0, 0, true}, Case{1, 0, 1, false}}) {
    ProcessCount count;
    ProcessSettings tracker = settings("d");
    tracker.quorum = c.quorum;
    tracker.quorum_max = c.most;
    count.set({tracker});
    for (int i = 0; i < c.count; ++i) count.seen(10 + i, image("d"));
    EXPECT_EQ(count.reading("p"), Reading{});
    count.settle();
    EXPECT_EQ(count.reading("p"), Reading::of(c.good)) << c.quorum << " " << c.count;
  }
}
TEST(ProcessCount, AForkIsTheSameProgramUntilItExecutesAnother) {
  ProcessCount count;
  count.set({settings("d")});
  count.seen(1, image("d"));
  count.forked(1, 2);
  EXPECT_EQ(count.count("p"), 2U);
  count.seen(2, image("sh"));
  EXPECT_EQ(count.count("p"), 1U);
  count.gone(2);
  count.gone(1);
  count.gone(1);
  EXPECT_EQ(count.count("p"), 0U);
}
TEST(ProcessCount, DelaysHoldTheVerdict) {
  ProcessCount count;
  ProcessSettings tracker = settings("d");
  tracker.terminate_delay = 2s;
  tracker.fork_delay = 1s;
  count.set({tracker});
  count.seen(1, image("d"));
  count.settle();
  EXPECT_THAT(count.changed(start), IsEmpty());
  count.gone(1);
  EXPECT_THAT(count.changed(start), IsEmpty());
  EXPECT_EQ(count.deadline(), start + 2s);
  count.seen(2, image("d"));  // restarted in time
  EXPECT_THAT(count.changed(start + 1s), IsEmpty());
  EXPECT_EQ(count.deadline(), std::nullopt);
  count.gone(2);
  EXPECT_THAT(count.changed(start + 3s), IsEmpty());
  EXPECT_THAT(count.changed(start + 5s), ElementsAre("p"));
  EXPECT_EQ(count.reading("p"), Reading::of(false));
  count.seen(3, image("d"));
  EXPECT_THAT(count.changed(start + 6s), IsEmpty());
  EXPECT_THAT(count.changed(start + 7s), ElementsAre("p"));
  EXPECT_EQ(count.reading("p"), Reading::of(true));
}
// Whatever events come in whatever order, the count is that of the processes that are there.
TEST(ProcessCount, CountsWhatIsThereAfterAnySequence) {
  std::mt19937 random{5};
  ProcessCount count;
  count.set({settings("d")});
  std::map<ProcessId, std::string> there;
  for (int event = 0; event < 20'000; ++event) {
    const auto pid = static_cast<ProcessId>(random() % 50);
    const auto other = static_cast<ProcessId>(random() % 50);
    switch (random() % 4) {
      case 0:
      case 1:
        there[pid] = random() % 2 == 0 ? "d" : "e";
        count.seen(pid, image(there[pid]));
        break;
      case 2:
        if (!there.contains(pid) || there.contains(other)) break;
        there[other] = there[pid];
        count.forked(pid, other);
        break;
      default:
        there.erase(pid);
        count.gone(pid);
    }
    std::size_t expected = 0;
    for (const auto& [id, name] : there) expected += name == "d" ? 1 : 0;
    ASSERT_EQ(count.count("p"), expected);
  }
}

}  // namespace
}  // namespace holdfast::vrrp
