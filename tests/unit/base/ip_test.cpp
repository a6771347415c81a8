#include "daemon/base/ip.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  for (const char* text :
       {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "fe80::1", "2001:db8::ff"})
    EXPECT_EQ(IpAddress::parse(text).value().to_string(), text);
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  for (const char* text : {"", "192.0.2", "192.0.2.300", "192.0.2.1/24", "2001:db8::g",
                           " 192.0.2.1", "192.0.2.1192.0.2.1192.0.2.1192.0.2.1192.0.2.1192.0.2.1"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
}

// RFC 9568 6.4.3: the greater sender address wins, as unsigned integers in network order.
TEST(IpAddress, ComparesAsUnsignedIntegerInNetworkOrder) {
  const auto less = [](const char* a, const char* b) {
    return IpAddress::parse(a).value() < IpAddress::parse(b).value();
  };
  EXPECT_TRUE(less("10.0.0.200", "10.0.1.1"));
  EXPECT_TRUE(less("127.0.0.1", "192.0.2.1"));
  EXPECT_TRUE(less("fe80::2", "fe80::10"));
  EXPECT_FALSE(less("192.0.2.1", "192.0.2.1"));
}

TEST(IpAddress, KnowsMulticastAndLinkLocal) {
  EXPECT_TRUE(IpAddress::parse("224.0.0.18")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("ff02::12")->is_multicast());
  EXPECT_FALSE(IpAddress::parse("192.0.2.1")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("fe80::1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("169.254.1.1")->is_link_local());
  EXPECT_FALSE(IpAddress::parse("2001:db8::1")->is_link_local());
}

}  // namespace
}  // namespace holdfast
