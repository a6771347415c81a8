// What stands in the kernel's table for checks that go through IPVS, and what their failures mean.
#include "checkers/io/forwarding_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/config_text.h"
#include "tests/unit/ipvs/fake_kernel.h"

namespace holdfast::checkers {
namespace {

using testing::HasSubstr;

struct CheckPaths : testing::Test {
  void SetUp() override {
    for (const char* interface : {"all", "eth0"})
      for (const char* name : {"accept_local", "rp_filter"}) put(interface, name, "0");
  }
  void TearDown() override { std::filesystem::remove_all(root); }
  void put(const std::string& interface, const std::string& name, const std::string& value) const {
    const std::string folder = root + "net/ipv4/conf/" + interface;
    std::filesystem::create_directories(folder);
    std::ofstream{folder + "/" + name} << value << "\n";
  }
  [[nodiscard]] std::string accept_local() const {
    std::string value;
    std::ifstream{root + "net/ipv4/conf/eth0/accept_local"} >> value;
    return value;
  }
  Endpoint apply(const std::string& method = "DR") {
    CheckersConfig config = config_with(method);
    paths.apply(config);
    reconciler.resync();
    return config.services.at(0).servers.at(0).checks.at(0).endpoint;
  }
  static CheckersConfig config_with(const std::string& method) {
    config::FromText conf{fmt::format(
        "virtual_server 192.0.2.10 80 {{\nlb_algo rr\nlb_kind {}\nprotocol TCP\n"
        "check_path forwarding\nreal_server 198.51.100.1 80 {{\nTCP_CHECK {{ }}\n}}\n}}\n",
        method)};
    return read_checkers(conf.tree, conf.reader);
  }
  Verdict judge(const Endpoint& endpoint) {
    return paths.judge(endpoint, paths.repairs(endpoint),
                       Verdict::failed("connect timed out after 1 s"));
  }

  std::string root =
      testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
  ipvs::FakeKernelState kernel;
  ipvs::LogInMemory log;
  ipvs::Reconciler reconciler{ipvs::opens(kernel), log};
  netlink::FoundRoute to_server{"eth0", false}, to_virtual{"eth0", true};
  int route_error = 0;
  ForwardingPaths paths{reconciler, log,
                        [this](const IpAddress& address) -> Result<netlink::FoundRoute> {
                          if (address.to_string() == "198.51.100.1") return to_server;
                          if (route_error != 0) return fail_errno(route_error, "no route");
                          return to_virtual;
                        },
                        root};
  const ipvs::ServiceKey key = ipvs::ServiceKey::of_mark(268435456, Family::ipv4);
};

TEST_F(CheckPaths, APrivateServiceIsWantedAndGoesWithItsCheck) {
  apply();
  ASSERT_TRUE(kernel.table.contains(key));
  EXPECT_EQ(kernel.table.at(key).destinations.size(), 1U);
  const std::size_t batches = kernel.batches;
  apply();
  EXPECT_EQ(kernel.batches, batches) << "nothing has changed";
  kernel.table.clear();
  reconciler.resync();
  EXPECT_TRUE(kernel.table.contains(key));
  CheckersConfig none;
  paths.apply(none);
  reconciler.resync();
  EXPECT_TRUE(kernel.table.empty());
}

TEST_F(CheckPaths, WhatADeadPredecessorLeftGoes) {
  const ipvs::ServiceKey left = ipvs::ServiceKey::of_mark(268435999, Family::ipv6);
  const ipvs::ServiceKey foreign = ipvs::ServiceKey::of_mark(7, Family::ipv4);
  kernel.table = {{left, {}}, {foreign, {}}};
  apply();
  EXPECT_FALSE(kernel.table.contains(left));
  EXPECT_TRUE(kernel.table.contains(foreign));
  EXPECT_EQ(reconciler.counters().drift, 0U);
}

TEST_F(CheckPaths, AFailureSaysTheWayAndWhatToLookFor) {
  const Verdict direct = judge(apply());
  EXPECT_EQ(direct.kind, Verdict::Kind::failed);
  EXPECT_EQ(direct.reason, "connect timed out after 1 s through IPVS (DR); has it 192.0.2.10?");
  EXPECT_THAT(judge(apply("TUN")).reason, HasSubstr("has it the tunnel and 192.0.2.10?"));
  EXPECT_THAT(judge(apply("NAT")).reason, testing::EndsWith("s through IPVS (NAT)"));
}

TEST_F(CheckPaths, AServerThatSpokeIsNotAskedForItsAddress) {
  const Endpoint endpoint = apply();
  const Verdict said = paths.judge(endpoint, 0, Verdict::failed("status 503"));
  EXPECT_EQ(said.reason, "status 503 through IPVS (DR)");
}

TEST_F(CheckPaths, WithoutItsServiceInTheKernelNothingIsSaidOfTheServer) {
  const Endpoint endpoint = apply();
  kernel.table.clear();
  EXPECT_EQ(judge(endpoint).kind, Verdict::Kind::not_run);
  const std::uint64_t before = paths.repairs(endpoint);
  reconciler.resync();
  const Verdict late = paths.judge(endpoint, before, Verdict::failed("connect timed out"));
  EXPECT_EQ(late.kind, Verdict::Kind::not_run) << "it was repaired while the probe was made";
  EXPECT_EQ(judge(endpoint).kind, Verdict::Kind::failed);
}

TEST_F(CheckPaths, AnswersFromOurOwnAddressAreLetInWhileSomebodyNeedsThem) {
  apply();
  EXPECT_EQ(accept_local(), "1");
  EXPECT_EQ(log.count("accept_local"), 1U);
  CheckersConfig none;
  paths.apply(none);
  EXPECT_EQ(accept_local(), "0");
  apply("NAT");
  EXPECT_EQ(accept_local(), "0") << "their answers have the server's address";
}

TEST_F(CheckPaths, ASettingThatAnotherProgramTakesBackIsSetAgain) {
  const Endpoint endpoint = apply();
  put("eth0", "accept_local", "0");
  const Verdict verdict = judge(endpoint);
  EXPECT_EQ(verdict.kind, Verdict::Kind::not_run);
  EXPECT_THAT(verdict.reason, HasSubstr("net.ipv4.conf.eth0.accept_local was 0"));
  EXPECT_EQ(accept_local(), "1");
  EXPECT_EQ(judge(endpoint).kind, Verdict::Kind::failed);
}

TEST_F(CheckPaths, AStrictReversePathIsSaidByName) {
  const Endpoint endpoint = apply();
  put("all", "rp_filter", "1");
  EXPECT_EQ(judge(endpoint).kind, Verdict::Kind::failed) << "the address is on this interface";
  to_virtual.interface = "dummy0";
  EXPECT_THAT(judge(endpoint).reason, HasSubstr("net.ipv4.conf.eth0.rp_filter must be 2"));
  put("eth0", "rp_filter", "2");
  EXPECT_EQ(judge(endpoint).kind, Verdict::Kind::failed);
}

TEST_F(CheckPaths, WithoutARouteToTheVirtualAddressNothingIsSaidOfTheServer) {
  const Endpoint endpoint = apply();
  route_error = ENETUNREACH;
  EXPECT_THAT(judge(endpoint).reason, HasSubstr("no route to 192.0.2.10"));
}

}  // namespace
}  // namespace holdfast::checkers
