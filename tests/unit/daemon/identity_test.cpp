// Several daemons on one machine: their names do not collide, and do not change.
#include "daemon/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace holdfast {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Configuration with(std::string net_namespace, std::string instance) {
  Configuration configuration;
  configuration.root.net_namespace = std::move(net_namespace);
  configuration.root.instance = std::move(instance);
  return configuration;
}
std::string main_pid(const Identity& identity, bool as_keepalived = false) {
  return pid_path(identity, as_keepalived, "");
}

TEST(Identity, IsThatOfTheConfigurationAndTheCommandLineCountsMore) {
  const Configuration configuration = with("blue", "two");
  Options options;
  EXPECT_EQ(identity_of(configuration, options).suffix(), "_blue_two");
  options.net_namespace = "red";
  EXPECT_EQ(identity_of(configuration, options).suffix(), "_red_two");
  EXPECT_EQ(identity_of(Configuration{}, Options{}).suffix(), "");
}
TEST(Identity, NamesPidFilesThatDoNotCollide) {
  std::set<std::string> paths;
  for (const bool as_keepalived : {false, true})
    for (const char* net_namespace : {"", "blue", "red"})
      for (const char* instance : {"", "one", "two"})
        for (const char* name : {"", "vrrp", "checkers"})
          paths.insert(
              pid_path(identity_of(with(net_namespace, instance), Options{}), as_keepalived, name));
  EXPECT_THAT(paths, SizeIs(2 * 3 * 3 * 3));
}
TEST(Identity, NamesPidFilesAsKeepalivedDoesWhenStartedAsKeepalived) {
  EXPECT_EQ(main_pid({}, true), "/run/keepalived.pid");
  Configuration folder;
  folder.root.use_pid_dir = true;
  EXPECT_EQ(main_pid(identity_of(folder, Options{}), true), "/run/keepalived/keepalived.pid");
  const Identity both = identity_of(with("blue", "two"), Options{});
  EXPECT_EQ(main_pid(both, true), "/run/keepalived/blue/keepalived_two.pid");
  EXPECT_EQ(pid_path(both, true, "vrrp"), "/run/keepalived/blue/vrrp_two.pid");
  EXPECT_EQ(main_pid({}), "/run/holdfast/holdfast.pid");
}
TEST(Identity, LeavesThePidFilesOfTheCommandLineAlone) {
  Options options;
  options.pid_file = "/run/mine.pid";
  name_pid_files(options, identity_of(with("", "two"), options));
  EXPECT_EQ(options.pid_file, "/run/mine.pid");
  EXPECT_EQ(options.vrrp_pid_file, "/run/holdfast/vrrp_two.pid");
}
TEST(Identity, AReloadCannotChangeIt) {
  const Options options;
  const Identity running = identity_of(with("blue", "two"), options);
  Configuration same = with("blue", "two");
  refuse_other_identity(running, same, options);
  EXPECT_THAT(same.findings, IsEmpty());
  Configuration other = with("red", "");
  other.root.net_namespace_ipvs = "";
  other.root_places["net_namespace"] = {7, 1};
  refuse_other_identity(running, other, options);
  ASSERT_THAT(other.findings, SizeIs(3));
  EXPECT_EQ(other.findings[0].severity, config::Severity::error);
  EXPECT_EQ(other.findings[0].place, (config::Place{7, 1}));
  EXPECT_EQ(other.findings[0].message,
            "'net_namespace' cannot change at a reload: it is 'blue', and here 'red'; restart the "
            "daemon");
  EXPECT_THAT(other.findings[1].message, HasSubstr("it is none, and here the initial one"));
}
TEST(Identity, ANamespaceThatDoesNotExistIsAnErrorAtItsLine) {
  Configuration configuration = with("holdfast-no-such-namespace", "");
  configuration.root_places["net_namespace"] = {3, 1};
  enter_namespace_of(identity_of(configuration, Options{}), configuration);
  ASSERT_THAT(configuration.findings, SizeIs(1));
  EXPECT_EQ(configuration.findings[0].place, (config::Place{3, 1}));
  EXPECT_EQ(configuration.findings[0].message,
            "the network namespace holdfast-no-such-namespace does not exist "
            "(/run/netns/holdfast-no-such-namespace)");
}

}  // namespace
}  // namespace holdfast
