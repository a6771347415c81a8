#include "ipvs/table.h"

#include <gtest/gtest.h>

namespace holdfast::ipvs {
namespace {

const ServiceKey service{Protocol::tcp, IpAddress::v4(0xC000020A), 80};
const ServiceKey service_v6{Protocol::udp, *IpAddress::parse("2001:db8::10"), 53};

TEST(IpvsTable, NamesAreTheOnesThatMonitoringGrepsFor) {
  EXPECT_EQ(to_string(service), "[192.0.2.10]:tcp:80");
  EXPECT_EQ(to_string(service_v6), "[2001:db8::10]:udp:53");
  EXPECT_EQ(to_string(DestinationKey{IpAddress::v4(0x0A000002), 8080}, Protocol::sctp),
            "[10.0.0.2]:sctp:8080");
}

TEST(IpvsTable, TheKernelsOwnFlagIsNoDifference) {
  ServiceSettings wanted{"rr", service_flag::persistent, 360, 32};
  ServiceSettings actual = wanted;
  actual.flags |= service_flag::hashed;
  EXPECT_EQ(normalised(service, wanted), normalised(service, actual));
}

TEST(IpvsTable, TimeoutAndGranularityMeanNothingWithoutPersistence) {
  const ServiceSettings wanted{"rr", 0, 0, 32};
  EXPECT_EQ(normalised(service, wanted), normalised(service, {"rr", 0, 360, 24}));
}

TEST(IpvsTable, TimeoutAndGranularityCountWithPersistence) {
  const ServiceSettings wanted{"rr", service_flag::persistent, 360, 32};
  EXPECT_NE(normalised(service, wanted),
            normalised(service, {"rr", service_flag::persistent, 300, 32}));
  EXPECT_NE(normalised(service, wanted),
            normalised(service, {"rr", service_flag::persistent, 360, 24}));
}

TEST(IpvsTable, GranularityIsNoLongerThanAnAddress) {
  const ServiceSettings wanted{"rr", service_flag::persistent, 360, 64};
  EXPECT_EQ(normalised(service, wanted).prefix, 32U);
  EXPECT_EQ(normalised(service_v6, wanted).prefix, 64U);
}

TEST(IpvsTable, SchedulerAndItsFlagsAlwaysCount) {
  EXPECT_NE(normalised(service, {"sh", 0, 0, 32}), normalised(service, {"mh", 0, 0, 32}));
  EXPECT_NE(normalised(service, {"sh", service_flag::scheduler_1, 0, 32}),
            normalised(service, {"sh", service_flag::scheduler_2, 0, 32}));
}

}  // namespace
}  // namespace holdfast::ipvs
