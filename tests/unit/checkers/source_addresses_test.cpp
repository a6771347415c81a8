#include "checkers/io/source_addresses.h"

#include <gtest/gtest.h>

namespace holdfast::checkers {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
using Own = SourceAddresses::Own;

TEST(SourceAddresses, TheKernelKnowsBest) {
  EXPECT_EQ(SourceAddresses::choose({{ip("10.0.0.1"), 24}, {ip("10.1.0.1"), 24}}, {},
                                    ip("10.0.0.9"), Family::ipv4, ip("10.1.0.1")),
            ip("10.1.0.1"));
}

TEST(SourceAddresses, AVirtualAddressIsNeverSentFrom) {
  const std::vector<Own> own{{ip("10.1.0.1"), 24}, {ip("10.0.0.100"), 24}, {ip("10.0.0.1"), 24}};
  EXPECT_EQ(SourceAddresses::choose(own, {ip("10.0.0.100")}, ip("10.0.0.9"), Family::ipv4,
                                    ip("10.0.0.100")),
            ip("10.0.0.1"))
      << "that of the server's network";
  EXPECT_EQ(SourceAddresses::choose({own[0], own[1]}, {ip("10.0.0.100")}, ip("10.0.0.9"),
                                    Family::ipv4, ip("10.0.0.100")),
            ip("10.1.0.1"));
  EXPECT_EQ(SourceAddresses::choose({own[1]}, {ip("10.0.0.100")}, ip("10.0.0.9"), Family::ipv4,
                                    ip("10.0.0.100")),
            std::nullopt);
}

TEST(SourceAddresses, AnIpv6AddressOfASingleHostIsTheLastChoice) {
  const std::vector<Own> own{{ip("fd00::1"), 64}};
  EXPECT_EQ(SourceAddresses::choose(own, {}, ip("fd00::9"), Family::ipv6, ip("fd00::77")),
            ip("fd00::1"));
  EXPECT_EQ(SourceAddresses::choose({}, {}, ip("fd00::9"), Family::ipv6, ip("fd00::77")),
            ip("fd00::77"));
}

}  // namespace
}  // namespace holdfast::checkers
