#include "checkers/core/findings.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "checkers/core/record.h"
#include "checkers/core/status.h"

namespace holdfast::checkers {
namespace {

using std::chrono::seconds;

TimePoint at(int second) { return TimePoint{seconds{second}}; }

TEST(Findings, TheDecisionStaysWhileLaterResultsComeAndGo) {
  Findings findings;
  EXPECT_FALSE(findings.decision());
  findings.add(Verdict::failed("connect: Connection refused"), true, at(1));
  findings.add(Verdict::failed("connect timed out after 1 s"), false, at(2));
  EXPECT_EQ(findings.decision()->reason, "connect: Connection refused");
  EXPECT_EQ(findings.decision()->at, at(1));
  EXPECT_EQ(findings.last()->reason, "connect timed out after 1 s");
}
TEST(Findings, WhatCouldNotBeTriedDecidesNothing) {
  Findings findings;
  findings.add(Verdict::not_run("no descriptors"), true, at(1));
  EXPECT_FALSE(findings.decision());
  EXPECT_EQ(findings.last()->reason, "no descriptors");
}
TEST(Findings, AReasonIsPrintableAndShort) {
  EXPECT_EQ(printable_reason("a\x1b[31mb\r\n\xff\x7f"), "a?[31mb????");
  EXPECT_EQ(printable_reason("Größe"), "Größe");
  EXPECT_EQ(printable_reason(std::string(1000, 'x')).size(), Findings::longest);
  const std::string wide = std::string(Findings::longest - 1, 'x') + "ö";
  EXPECT_EQ(printable_reason(wide).size(), Findings::longest - 1) << "no half of a character";
}

TEST(CheckRecord, ComesBackAsItWas) {
  CheckRecord record{{false, true, 3, -2147483647}, Finding{"503 instead of 200", at(77)}};
  EXPECT_EQ(check_record(to_bytes(record)), record);
  record.decision.reset();
  EXPECT_EQ(check_record(to_bytes(record)), record);
}
RC_GTEST_PROP(CheckRecord, ForeignBytesAreReadOrRefused, (const std::vector<std::uint8_t>& bytes)) {
  if (const auto record = check_record(std::as_bytes(std::span{bytes})); record && record->decision)
    RC_ASSERT(record->decision->reason.size() <= Findings::longest);
}

TEST(Status, AnOperatorNamesServersInSeveralWays) {
  const IpAddress v4 = *IpAddress::parse("10.0.0.1");
  for (const char* word : {"10.0.0.1:80", "[10.0.0.1]:80", "10.0.0.1", "[10.0.0.1]:tcp:80"})
    EXPECT_TRUE(is_meant(word, "[10.0.0.1]:tcp:80", v4, 80)) << word;
  EXPECT_FALSE(is_meant("10.0.0.1:8", "[10.0.0.1]:tcp:80", v4, 80));
  const IpAddress v6 = *IpAddress::parse("2001:db8::1");
  EXPECT_TRUE(is_meant("[2001:db8::1]:80", "", v6, 80));
  EXPECT_FALSE(is_meant("2001:db8::1:80", "", v6, 80));
}
TEST(Status, SaysWhoIsInUseAndWhy) {
  VirtualServer service;
  service.key = {ipvs::Protocol::tcp, *IpAddress::parse("10.0.0.1"), 80};
  service.name = to_string(service.key);
  for (const char* address : {"10.0.0.2", "10.0.0.3"}) {
    RealServer server;
    server.key = {*IpAddress::parse(address), 80};
    server.checks.resize(1);
    service.servers.push_back(server);
  }
  const Pool pool{service, {{true}, {false}}};
  CheckState down{{false, true, 0, 0}, {}};
  down.findings.add(Verdict::failed("tls-verify: certificate has expired 3 days ago"), true,
                    at(60));
  down.findings.add(Verdict::failed("connect: Connection refused"), false, at(90));
  ::setenv("TZ", "UTC", 1);
  const std::vector<std::vector<CheckState>> checks{{CheckState{}}, {down}};
  EXPECT_EQ(
      status_of({pool, checks}, {at(100), std::chrono::system_clock::time_point{seconds{1000}}}),
      "[10.0.0.1]:tcp:80: quorum 1 is there, alive servers weigh 1\n"
      "  [10.0.0.2]:tcp:80: up, weight 1\n"
      "    TCP_CHECK up, not checked yet\n"
      "  [10.0.0.3]:tcp:80: down, weight 1\n"
      "    TCP_CHECK down since 1970-01-01 00:16:00: tls-verify: certificate has expired 3 "
      "days ago; last 1970-01-01 00:16:30: connect: Connection refused\n");
}

}  // namespace
}  // namespace holdfast::checkers
