// Which changes of servers are mailed, and with which words.
#include "checkers/core/alert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/core/pool.h"

namespace holdfast::checkers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Two checks on the first server, one on the second; quorum 2, hysteresis 1.
VirtualServer service() {
  VirtualServer made;
  made.key = {ipvs::Protocol::tcp, IpAddress::v4(0x0A000001), 80};
  made.name = to_string(made.key);
  made.quorum = 2;
  made.hysteresis = 1;
  made.alert = true;
  for (std::uint32_t number = 0; number < 2; ++number) {
    RealServer server;
    server.key = {IpAddress::v4(0x0A000010 + number), 8080};
    server.settings.weight = 2 - number;
    server.alert = server.alert_each_check = true;
    server.checks.resize(2 - number);
    made.servers.push_back(server);
  }
  made.servers[0].checks[1].probe = HttpCheck{};
  return made;
}
const std::vector<std::vector<bool>> all_up{{true, true}, {true}};
const std::string first = "Realserver [10.0.0.16]:tcp:8080 of virtual server [10.0.0.1]:tcp:80 - ";

TEST(CheckAlert, EveryChangeOfACheckIsMailedWithTheStateOfTheServer) {
  Pool pool{service(), all_up};
  EXPECT_THAT(pool.set_check(0, 0, false, "").alerts,
              ElementsAre(Alert{first + "DOWN", "=> TCP CHECK failed on service <="}));
  EXPECT_THAT(pool.set_check(0, 1, false, "").alerts,
              ElementsAre(Alert{first + "DOWN",
                                "=> CHECK failed on service : HTTP/SSL request failed <="}));
  EXPECT_THAT(pool.set_check(0, 0, true, "").alerts,
              ElementsAre(Alert{first + "DOWN", "=> TCP CHECK succeed on service <="}));
  EXPECT_THAT(pool.set_check(0, 1, true, "").alerts,
              ElementsAre(Alert{first + "UP", "=> CHECK succeed on service <="}));
}
TEST(CheckAlert, NoCheckerEmailsLeavesOnlyChangesOfTheServer) {
  VirtualServer config = service();
  config.servers[0].alert_each_check = false;
  Pool pool{config, all_up};
  EXPECT_EQ(pool.set_check(0, 0, false, "").alerts.size(), 1U);
  EXPECT_THAT(pool.set_check(0, 1, false, "").alerts, IsEmpty());
  EXPECT_THAT(pool.set_check(0, 0, true, "").alerts, IsEmpty());
  EXPECT_EQ(pool.set_check(0, 1, true, "").alerts.size(), 1U);
}
TEST(CheckAlert, AFailureSaysWhyInALineOfItsOwn) {
  const Check tcp;
  EXPECT_EQ(check_body(tcp, false, "connect: Connection refused"),
            "=> TCP CHECK failed on service <=\r\nconnect: Connection refused");
  EXPECT_EQ(check_body(tcp, true, "passed"), "=> TCP CHECK succeed on service <=");
}
TEST(CheckAlert, TheQuorumIsMailedWithItsArithmetic) {
  VirtualServer config = service();
  for (RealServer& server : config.servers) server.alert = false;
  Pool pool{config, all_up};
  EXPECT_THAT(pool.set_check(1, 0, false, "").alerts, IsEmpty());
  EXPECT_THAT(
      pool.set_check(0, 0, false, "").alerts,
      ElementsAre(Alert{"Virtualserver [10.0.0.1]:tcp:80 - DOWN", "=> Lost quorum 2-1=1 > 0 <="}));
  EXPECT_THAT(pool.set_check(0, 0, true, "").alerts, IsEmpty());
  EXPECT_THAT(
      pool.set_check(1, 0, true, "").alerts,
      ElementsAre(Alert{"Virtualserver [10.0.0.1]:tcp:80 - UP", "=> Gained quorum 2+1=3 <= 3 <="}));
}
TEST(CheckAlert, WhatIsTurnedOffIsNotMailed) {
  VirtualServer config = service();
  config.alert = false;
  for (RealServer& server : config.servers) server.alert = false;
  config.omega = true;
  Pool pool{config, all_up};
  EXPECT_THAT(pool.set_check(0, 0, false, "").alerts, IsEmpty());
  EXPECT_THAT(pool.stop().alerts, IsEmpty());
}
TEST(CheckAlert, OmegaMailsTheStop) {
  VirtualServer config = service();
  EXPECT_THAT((Pool{config, all_up}.stop().alerts), IsEmpty());
  config.omega = true;
  config.servers.resize(1);
  EXPECT_THAT((Pool{config, {{true, true}}}.stop().alerts),
              ElementsAre(Alert{first + "DOWN", "=> Shutting down <="},
                          Alert{"Virtualserver [10.0.0.1]:tcp:80 - DOWN", "=> Shutting down <="}));
}

}  // namespace
}  // namespace holdfast::checkers
