#include "vrrp/linux/pacing.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;

GarpGroup group(std::optional<Duration> garp, std::vector<std::string> separate,
                std::vector<std::string> shared) {
  GarpGroup out;
  out.garp_interval = garp;
  out.separate = std::move(separate);
  out.shared = std::move(shared);
  return out;
}

TEST(Pacing, InterfacesInNoGroupHaveTheGlobalGapsEachForItself) {
  const Pacing pacing{milliseconds{2}, milliseconds{3}, {}};
  EXPECT_EQ(pacing.of("eth0", 7, Family::ipv4).gap, milliseconds{2});
  EXPECT_EQ(pacing.of("eth0", 7, Family::ipv6).gap, milliseconds{3});
  EXPECT_EQ(pacing.of("eth0", 7, Family::ipv4).timer, (Pace::Timer{false, 7}));
}
TEST(Pacing, AGroupGivesItsGapsAndTheGlobalOneWhereItIsSilent) {
  const Pacing pacing{milliseconds{2}, milliseconds{3}, {group(milliseconds{10}, {"eth0"}, {})}};
  EXPECT_EQ(pacing.of("eth0", 7, Family::ipv4).gap, milliseconds{10});
  EXPECT_EQ(pacing.of("eth0", 7, Family::ipv6).gap, milliseconds{3});
  EXPECT_EQ(pacing.of("eth1", 8, Family::ipv4).gap, milliseconds{2});
}
TEST(Pacing, OneGroupsInterfacesShareATimerAndGroupsDoNot) {
  const Pacing pacing{milliseconds{2},
                      milliseconds{3},
                      {group(milliseconds{10}, {"eth9"}, {"eth0", "eth1"}),
                       group(milliseconds{10}, {}, {"eth2", "eth1"})}};
  const auto timer = [&](const char* name, std::uint32_t index) {
    return pacing.of(name, index, Family::ipv4).timer;
  };
  EXPECT_EQ(timer("eth0", 1), timer("eth1", 2));
  EXPECT_NE(timer("eth0", 1), timer("eth2", 3));
  EXPECT_EQ(timer("eth9", 4), (Pace::Timer{false, 4}));
}

}  // namespace
}  // namespace holdfast::vrrp
