// Trackers and the references to them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/vrrp/config_support.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TrackScripts, AreReadWithTheirDefaults) {
  const ReadVrrp read{"vrrp_script chk {\n script \"/bin/true\"\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  const TrackScript& script = read.config.trackers.scripts.at(0);
  EXPECT_EQ(script.name, "chk");
  EXPECT_EQ(script.script->line, 1U);
  EXPECT_EQ(script.interval, seconds{1});
  EXPECT_FALSE(script.timeout);
  EXPECT_EQ(script.weight, Weight{});
  EXPECT_EQ(script.rise, 1U);
  EXPECT_EQ(script.fall, 1U);
  EXPECT_FALSE(script.init_fail);
}

TEST(TrackScripts, TakeEveryKeyword) {
  const ReadVrrp read{
      "vrrp_script chk {\n script \"/bin/x -y\"\n interval 0.25\n timeout 3\n weight -20 reverse\n"
      " rise 2\n fall 3\n user nobody :nogroup\n init_fail\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  const TrackScript& script = read.config.trackers.scripts.at(0);
  EXPECT_EQ(script.interval, milliseconds{250});
  EXPECT_EQ(script.timeout, seconds{3});
  EXPECT_EQ(script.weight, (Weight{-20, true}));
  EXPECT_EQ(script.rise, 2U);
  EXPECT_EQ(script.fall, 3U);
  EXPECT_EQ(script.user->user, "nobody");
  EXPECT_EQ(script.user->group, "nogroup");
  EXPECT_TRUE(script.user->supplementary_groups);
  EXPECT_TRUE(script.init_fail);
}

TEST(TrackFiles, AreReadUnderBothSpellings) {
  const ReadVrrp read{
      "track_file a {\n file /run/a\n}\n"
      "vrrp_track_file b {\n file /run/b\n weight 254 reverse\n init_file -3 overwrite\n}\n"};
  EXPECT_THAT(read.findings,
              ElementsAre("4:1 note 'vrrp_track_file' is deprecated; write 'track_file'"));
  const auto& files = read.config.trackers.files;
  EXPECT_EQ(files.at(0).weight, Weight{1});
  EXPECT_FALSE(files.at(0).init);
  EXPECT_EQ(files.at(1).file, "/run/b");
  EXPECT_EQ(files.at(1).weight, (Weight{254, true}));
  EXPECT_EQ(files.at(1).init, (config::InitFile{-3, true}));
}

TEST(TrackFiles, AreMadeWithZeroByABareInitFile) {
  const ReadVrrp read{"track_file a {\n file /run/a\n init_file\n}\n"};
  EXPECT_EQ(read.config.trackers.files.at(0).init, config::InitFile{});
}

TEST(TrackProcesses, TakeEveryKeyword) {
  const ReadVrrp read{
      "vrrp_track_process p {\n process /usr/bin/x -a \"b c\"\n param_match initial\n weight 5\n"
      " quorum 2\n quorum_max 0\n delay 2\n fork_delay 0.5\n full_command\n}\n"
      "vrrp_track_process q {\n process y\n param_match\n}\n"};
  EXPECT_THAT(read.findings, IsEmpty());
  const TrackProcess& process = read.config.trackers.processes.at(0);
  EXPECT_EQ(process.command, "/usr/bin/x");
  EXPECT_THAT(process.parameters, ElementsAre("-a", "b c"));
  EXPECT_EQ(process.param_match, ParamMatch::initial);
  EXPECT_EQ(process.quorum, 2);
  EXPECT_EQ(process.quorum_max, 0);
  EXPECT_EQ(process.terminate_delay, seconds{2});
  EXPECT_EQ(process.fork_delay, milliseconds{500});
  EXPECT_TRUE(process.full_command);
  EXPECT_EQ(read.config.trackers.processes.at(1).param_match, ParamMatch::exact);
  EXPECT_EQ(read.config.trackers.processes.at(1).quorum, 1);
}

class TrackerMistakes : public testing::TestWithParam<Saying> {};
TEST_P(TrackerMistakes, AreReportedWhereTheyAre) {
  const ReadVrrp read{GetParam().lines};
  ASSERT_FALSE(read.findings.empty());
  EXPECT_EQ(read.findings.front(), GetParam().finding);
}
INSTANTIATE_TEST_SUITE_P(
    , TrackerMistakes,
    testing::Values(
        Saying{"vrrp_script {\n}", "1:12 error 'vrrp_script' needs a name"},
        Saying{"vrrp_script x", "1:1 warning 'vrrp_script' needs a block, and no '{' follows it"},
        Saying{"vrrp_script x {\n}", "1:1 warning vrrp_script x has no 'script'; it is left out"},
        Saying{"track_file x {\n}", "1:1 warning track_file x has no 'file'; it is left out"},
        Saying{"vrrp_script x {\n script a\n script b\n}",
               "3:2 warning 'script' is already set; the first one stays"},
        Saying{"vrrp_script x {\n script a\n weight 300\n}",
               "3:9 warning 'weight' is 300, outside -253..253; the default stays"},
        Saying{"vrrp_script x {\n script a\n weight 3 reversed\n}",
               "3:11 note 'reversed' after the value of 'weight' is ignored"},
        Saying{"vrrp_script x {\n script a\n intervall 3\n}",
               "3:2 warning unknown keyword 'intervall' in vrrp_script (did you mean 'interval'?)"},
        Saying{"vrrp_track_process x {\n process a\n quorum 0\n}",
               "3:9 warning 'quorum' is 0, outside 1..65535; the default stays"},
        Saying{"vrrp_track_process x {\n process a\n param_match partail\n}",
               "3:14 warning 'param_match' needs one of initial, partial, found 'partail' (did you "
               "mean 'partial'?)"},
        Saying{"track_file x {\n file a\n init_file b\n}",
               "3:12 warning 'init_file' needs a whole number -2147483648..2147483647, found 'b'; "
               "the line is ignored"},
        Saying{"track_file x {\n file a\n}\ntrack_file x {\n file b\n}",
               "4:12 warning track_file 'x' is already defined; the first one stays"}));

TEST(TrackReferences, TakeWeightsAndDirections) {
  const ReadVrrp read{"vrrp_script a {\n script x\n}\nvrrp_script b {\n script x\n}\n" +
                      instance_with("track_script {\n a\n b weight -7 noreverse\n}\n"
                                    "track_interface {\n eth1 weight 10 reverse\n}")};
  EXPECT_THAT(read.findings, IsEmpty());
  const Trackers& track = read.config.instances.at(0).track;
  EXPECT_EQ(track.scripts.at(0), (TrackReference{"a", {}, {}, {}}));
  EXPECT_EQ(track.scripts.at(1), (TrackReference{"b", {}, std::int16_t{-7}, false}));
  EXPECT_EQ(track.interfaces.at(0), (TrackReference{"eth1", {}, std::int16_t{10}, true}));
}

TEST(TrackReferences, WeighAtMost253ExceptFilesAndProcesses) {
  const ReadVrrp read{"track_file f {\n file x\n}\n" +
                      instance_with("track_interface {\n e weight -254\n}\n"
                                    "track_file {\n f weight 254\n}")};
  const Trackers& track = read.config.instances.at(0).track;
  EXPECT_EQ(track.interfaces.at(0).weight, -253);
  EXPECT_EQ(track.files.at(0).weight, 254);
  EXPECT_THAT(read.findings,
              Contains("11:11 warning 'weight' is -254, outside -253..253; -253 is used"));
}

class ReferenceMistakes : public testing::TestWithParam<Saying> {};
TEST_P(ReferenceMistakes, AreReportedWhereTheyAre) {
  const ReadVrrp read{instance_with(GetParam().lines)};
  EXPECT_THAT(read.findings, Contains(HasSubstr(GetParam().finding)));
}
INSTANTIATE_TEST_SUITE_P(
    , ReferenceMistakes,
    testing::Values(
        Saying{"track_interface {\n eth1 weight 3 noreverse\n}",
               "8:16 warning unknown option 'noreverse' of a tracker"},
        Saying{"track_interface {\n eth1 wieght 3\n}",
               "8:7 warning unknown option 'wieght' of a tracker (did you mean 'weight'?)"},
        Saying{"track_interface {\n eth1 reverse\n}",
               "8:7 warning 'reverse' needs a weight before it: 'weight 10 reverse'"},
        Saying{"track_interface {\n eth1 weight\n}", "8:13 error 'weight' needs a whole number"},
        Saying{"track_interface {\n eth1\n eth1\n}",
               "9:2 warning 'eth1' is tracked twice; the first one stays"},
        Saying{"track_script x {\n}", "7:14 warning 'x' between 'track_script' and its '{'"},
        Saying{"track_script {\n gone\n}",
               "8:2 warning vrrp_instance VI_1 tracks vrrp_script 'gone', which is not defined; it "
               "is ignored"}));

}  // namespace
}  // namespace holdfast::vrrp
