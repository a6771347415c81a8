// RFC 9568 8.4.2: whose adverts of version 2 count while both versions are on the link.
#include "vrrp/core/version_mix.h"

#include <gtest/gtest.h>

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Tell = VersionMix::Tell;

constexpr TimePoint start{seconds{1000}};
constexpr Duration interval = milliseconds{200};
const IpAddress old_router = *IpAddress::parse("192.0.2.2");
const IpAddress new_router = *IpAddress::parse("192.0.2.3");

Advert advert(Version version) {
  Advert out;
  out.version = version;
  out.interval = version == Version::v3 ? interval : seconds{1};
  return out;
}

TEST(VersionMix, Rfc9568_8_4_2_Version2IsIgnoredFromWhoSpeaksVersion3) {
  VersionMix mix;
  for (TimePoint now = start; now < start + seconds{10}; now += interval) {
    EXPECT_TRUE(mix.heard(advert(Version::v3), new_router, now).takes);
    EXPECT_FALSE(mix.heard(advert(Version::v2), new_router, now + milliseconds{1}).takes);
    EXPECT_TRUE(mix.heard(advert(Version::v2), old_router, now).takes);
  }
}
TEST(VersionMix, WhenVersion3StaysAwayVersion2CountsBeforeTheDeadline) {
  VersionMix mix;
  mix.heard(advert(Version::v3), new_router, start);
  EXPECT_FALSE(mix.heard(advert(Version::v2), new_router, start + interval).takes);
  EXPECT_TRUE(mix.heard(advert(Version::v2), new_router, start + 2 * interval).takes);
}
TEST(VersionMix, ARouterOfVersion2IsToldOnceUntilItIsReplaced) {
  VersionMix mix;
  EXPECT_EQ(mix.heard(advert(Version::v2), old_router, start).tell, Tell::version_2_alone);
  EXPECT_EQ(mix.heard(advert(Version::v2), old_router, start + seconds{1}).tell, Tell::nothing);
  mix.heard(advert(Version::v3), old_router, start + seconds{2});
  EXPECT_EQ(mix.heard(advert(Version::v2), old_router, start + seconds{2}).tell, Tell::nothing);
  EXPECT_EQ(mix.heard(advert(Version::v2), old_router, start + seconds{9}).tell,
            Tell::version_2_alone);
}
TEST(VersionMix, Rfc9568_8_4_2_MissingVersion2IsReportedOnce) {
  VersionMix mix;
  TimePoint now = start;
  for (unsigned i = 1; i < 20; ++i, now += interval)
    EXPECT_EQ(mix.heard(advert(Version::v3), new_router, now).tell,
              i == VersionMix::adverts_alone ? Tell::version_2_missing : Tell::nothing);
  mix.heard(advert(Version::v2), new_router, now);
  for (unsigned i = 1; i <= VersionMix::adverts_alone; ++i, now += interval)
    EXPECT_EQ(mix.heard(advert(Version::v3), new_router, now).tell,
              i == VersionMix::adverts_alone ? Tell::version_2_missing : Tell::nothing);
}
TEST(VersionMix, RemembersABoundedNumberOfSenders) {
  VersionMix mix;
  mix.heard(advert(Version::v2), old_router, start);
  for (std::uint32_t i = 0; i < 2 * VersionMix::most_senders; ++i)
    mix.heard(advert(Version::v2), IpAddress::v4(0x0a000000U + i), start);
  EXPECT_EQ(mix.heard(advert(Version::v2), old_router, start).tell, Tell::version_2_alone);
}

}  // namespace
}  // namespace holdfast::vrrp
