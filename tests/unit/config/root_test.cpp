// Settings at the top level, and bfd_instance.
#include "daemon/config/root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/global.h"
#include "tests/unit/config/support.h"

namespace holdfast::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Outcome {
  RootDefs root;
  std::vector<std::string> found;
};
Outcome read(std::string_view content) {
  const Parsed parsed{content};
  Diagnostics diagnostics;
  Reader reader{diagnostics};
  Outcome outcome;
  outcome.root = read_root(parsed.tree, reader);
  outcome.found = findings(diagnostics);
  return outcome;
}
BfdInstance bfd(std::string_view lines) {
  const auto [root, found] =
      read(fmt::format("bfd_instance B {{\nneighbor_ip 10.0.0.2\n{}\n}}\n", lines));
  EXPECT_THAT(found, IsEmpty()) << lines;
  return root.bfd_instances.at(0);
}
std::vector<std::string> bfd_findings(std::string_view line) {
  return read(fmt::format("bfd_instance B {{\nneighbor_ip 10.0.0.2\n{}\n}}\n", line)).found;
}

TEST(RootDefs, AreRead) {
  const auto [root, found] = read(
      "net_namespace blue\nnet_namespace_ipvs\nnamespace_with_ipsets\nuse_pid_dir\n"
      "instance two\nchild_wait_time 7\nlinkbeat_use_polling\n");
  EXPECT_THAT(found, IsEmpty());
  EXPECT_EQ(root.net_namespace, "blue");
  EXPECT_EQ(root.net_namespace_ipvs, "");
  EXPECT_EQ(root.instance, "two");
  EXPECT_EQ(root.child_wait_time, Duration{7s});
  EXPECT_TRUE(root.namespace_with_ipsets && root.use_pid_dir && root.linkbeat_use_polling);
}
TEST(RootDefs, BecomeFileNamesAndSoHaveNoSlash) {
  const auto [root, found] = read("instance a/b\nnet_namespace ..\nchild_wait_time -1\ninstance");
  EXPECT_EQ(root.instance, "");
  EXPECT_THAT(found, ElementsAre("1:10 warning 'instance' needs a name without '/', found 'a/b'",
                                 HasSubstr("'net_namespace' needs a name without '/'"),
                                 HasSubstr("outside 0..4294 s"),
                                 "4:9 error 'instance' needs a word, and nothing follows it"));
}
TEST(RootDefs, NameADaemonOnce) {
  const auto [root, found] = read("instance a\ninstance b");
  EXPECT_EQ(root.instance, "a");
  EXPECT_THAT(found, ElementsAre("2:1 warning 'instance' is already set; the first one stays"));
}
TEST(RootDefs, AreTheSupervisorsOnceTheyAreBuilt) {
  for (const Row<RootDefs>& row : root_schema())
    EXPECT_EQ(owner_of(row.keyword), row.built ? Owner::supervisor : Owner::unsupported)
        << row.keyword;
}

TEST(BfdInstance, HasDefaults) {
  const BfdInstance plain = bfd("");
  EXPECT_EQ(plain.min_tx, Duration{10ms});
  EXPECT_EQ(plain.idle_tx, Duration{1s});
  EXPECT_EQ(plain.multiplier, 5);
  EXPECT_TRUE(plain.for_vrrp && plain.for_checkers) << "both when neither is named";
}
TEST(BfdInstance, IsReadWithIntervalsInMilliseconds) {
  const BfdInstance all =
      bfd("source_ip 10.0.0.1\nmin_rx 2.5\nmin_tx 50\nidle_tx 2000\nmultiplier 3\npassive\n"
          "hoplimit 64\nmax_hops -1\nmultihop\nweight -10 reverse\nchecker");
  EXPECT_EQ(all.source, IpAddress::parse("10.0.0.1"));
  EXPECT_EQ(all.min_rx, Duration{2500us});
  EXPECT_EQ(all.min_tx, Duration{50ms});
  EXPECT_EQ(all.idle_tx, Duration{2s});
  EXPECT_EQ(all.ttl, 64);
  EXPECT_EQ(all.max_hops, -1);
  EXPECT_EQ(all.weight, -10);
  EXPECT_TRUE(all.reverse && all.passive && all.multihop && all.for_checkers);
  EXPECT_FALSE(all.for_vrrp);
}
TEST(BfdInstance, KeepsItsDefaultsOutOfRange) {
  EXPECT_THAT(bfd_findings("min_rx 0.5"),
              ElementsAre("3:8 warning 'min_rx' is 0.5, outside 1..4294967 ms; the default stays"));
  EXPECT_THAT(bfd_findings("idle_tx 999"), ElementsAre(HasSubstr("outside 1000..4294967 ms")));
  EXPECT_THAT(bfd_findings("weight 254"), ElementsAre(HasSubstr("outside -253..253")));
  EXPECT_THAT(bfd_findings("weight 1 reversed"), ElementsAre(HasSubstr("did you mean 'reverse'?")));
  EXPECT_THAT(bfd_findings("neighbour 10.0.0.1"),
              ElementsAre(HasSubstr("unknown keyword 'neighbour' in bfd_instance")));
}
TEST(BfdInstance, NeedsANameAndAPeerOfItsOwn) {
  const auto [root, found] = read(
      "bfd_instance A {\nneighbour_ip 10.0.0.2\n}\nbfd_instance B { }\n"
      "bfd_instance A {\nneighbor_ip 10.0.0.3\n}\nbfd_instance C {\nneighbor_ip 10.0.0.2\n}\n"
      "bfd_instance D {\nneighbor_ip 10.0.0.4\nsource_ip fe80::1\n}\n"
      "bfd_instance a-name-of-thirty-two-characters-- { }\nbfd_instance\n");
  EXPECT_EQ(root.bfd_instances.size(), 1U);
  EXPECT_THAT(found, ElementsAre("4:1 warning bfd_instance B has no neighbor_ip; it is left out",
                                 "5:1 warning bfd_instance A is already defined; it is left out",
                                 HasSubstr("bfd_instance C has the peer of A"),
                                 HasSubstr("of different families"),
                                 HasSubstr("needs a name of 1..31 characters"),
                                 HasSubstr("error 'bfd_instance' needs a word")));
}

}  // namespace
}  // namespace holdfast::config
