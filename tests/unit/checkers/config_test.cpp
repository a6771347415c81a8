#include "checkers/config/config.h"

#include <gtest/gtest.h>

#include "tests/unit/config_text.h"

namespace holdfast::checkers {
namespace {

using config::FromText;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* whole = R"(virtual_server 192.0.2.10 80 {
  lb_algo wrr
  lb_kind DR
  protocol TCP
  delay_loop 6
  quorum 2
  real_server 198.51.100.1 80 {
    weight 3
    TCP_CHECK {
      connect_timeout 2.5
      retry 4
    }
  }
  real_server 198.51.100.2 80 {
    delay_loop 3
    HTTP_GET {
      url {
        path /a
        status_code 200 301-302
      }
      url {
        path /b
        digest D41D8CD98F00B204E9800998ECF8427E
      }
    }
    PING_CHECK { }
  }
}
)";

TEST(CheckersConfig, RiseAndFallAreInheritedAndFallIsRetryAndOne) {
  FromText conf{R"(virtual_server 192.0.2.10 80 {
  lb_algo rr
  lb_kind NAT
  protocol TCP
  retry 7
  fall 5
  rise 2
  real_server 198.51.100.1 80 {
    TCP_CHECK { }
    PING_CHECK {
      fall 1
      rise 4
    }
    UDP_CHECK {
      retry 3
    }
  }
  real_server 198.51.100.2 80 {
    retry 9
    rise 3
    TCP_CHECK { }
  }
}
)"};
  const CheckersConfig config = read_checkers(conf.tree, conf.reader);
  EXPECT_EQ(conf.first(), "");
  const auto& first = config.services.at(0).servers.at(0).checks;
  EXPECT_EQ(first.at(0).final_timing.retry, 4U) << "fall of the service, not its retry";
  EXPECT_EQ(first.at(0).final_timing.rise, 2U);
  EXPECT_EQ(first.at(1).final_timing.retry, 0U);
  EXPECT_EQ(first.at(1).final_timing.rise, 4U);
  EXPECT_EQ(first.at(2).final_timing.retry, 3U) << "the nearest block counts";
  const auto& second = config.services.at(0).servers.at(1).checks;
  EXPECT_EQ(second.at(0).final_timing.retry, 9U);
  EXPECT_EQ(second.at(0).final_timing.rise, 3U);
}

TEST(CheckersConfig, ReadsServicesServersAndChecks) {
  FromText conf{whole};
  const CheckersConfig config = read_checkers(conf.tree, conf.reader);
  EXPECT_EQ(conf.first(), "");
  ASSERT_EQ(config.services.size(), 1U);
  const VirtualServer& service = config.services[0];
  EXPECT_EQ(to_string(service.key), "[192.0.2.10]:tcp:80");
  EXPECT_EQ(service.settings.scheduler, "wrr");
  ASSERT_EQ(service.servers.size(), 2U);
  EXPECT_EQ(service.servers[0].settings.weight, 3U);
  EXPECT_EQ(service.servers[0].settings.forwarding, ipvs::Forwarding::direct_route);
  const FinalTiming& tcp = service.servers[0].checks[0].final_timing;
  EXPECT_EQ(tcp.connect_timeout, milliseconds{2500});
  EXPECT_EQ(tcp.retry, 4U);
  EXPECT_EQ(tcp.delay_loop, seconds{6});
  const Check& http = service.servers[1].checks[0];
  EXPECT_EQ(http.final_timing.delay_loop, seconds{3}) << "the server's counts before the service's";
  EXPECT_EQ(http.final_timing.delay_before_retry, seconds{3}) << "the default of HTTP_GET";
  EXPECT_EQ(std::get<HttpCheck>(http.probe).urls[1].digest, "d41d8cd98f00b204e9800998ecf8427e");
}
TEST(CheckersConfig, OrderDoesNotMatterForInheritance) {
  FromText conf{
      "virtual_server 192.0.2.10 80 {\n real_server 198.51.100.1 80 {\n TCP_CHECK { }\n }\n"
      " lb_algo rr\n lb_kind NAT\n protocol TCP\n delay_loop 7\n}"};
  const CheckersConfig config = read_checkers(conf.tree, conf.reader);
  EXPECT_EQ(config.services.at(0).servers[0].checks[0].final_timing.delay_loop, seconds{7});
}

struct Mistake {
  const char* line;
  const char* finding;
};
class CheckersMistakes : public testing::TestWithParam<Mistake> {};
TEST_P(CheckersMistakes, AreReportedAtTheirPlaceWithWhatWasMeant) {
  FromText conf{
      std::string{"virtual_server 192.0.2.10 80 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n"} +
      " real_server 198.51.100.1 80 {\n" + GetParam().line + "\n }\n}"};
  read_checkers(conf.tree, conf.reader);
  EXPECT_EQ(conf.first(), GetParam().finding);
}
INSTANTIATE_TEST_SUITE_P(
    , CheckersMistakes,
    testing::Values(
        Mistake{"wieght 3",
                "6:1: warning: unknown keyword 'wieght' in real_server (did you mean 'weight'?)"},
        Mistake{"weight -1",
                "6:8: warning: 'weight' is -1, outside 0..2147483647; the default stays"},
        Mistake{"SSL_GET { }", "6:1: error: SSL_GET needs at least one url block: url { path / }"},
        Mistake{"HTTP_GET { }",
                "6:1: error: HTTP_GET needs at least one url block: url { path / }"},
        Mistake{"lvs_method ROUTE",
                "6:12: warning: 'lvs_method' needs one of NAT, DR, TUN, found 'ROUTE'"},
        Mistake{"TCP_CHECK { connect_port 70000 }",
                "6:26: warning: 'connect_port' is 70000, outside 1..65535; the default stays"}));

TEST(CheckersConfig, AChangeOfTimingIsAnotherCheckAndTheSameIdentity) {
  FromText one{whole};
  const Check a = read_checkers(one.tree, one.reader).services[0].servers[0].checks[0];
  Check b = a;
  EXPECT_TRUE(a.same_effect(b));
  b.final_timing.retry = 9;
  EXPECT_FALSE(a.same_effect(b));
  EXPECT_EQ(a.identity(), b.identity());
}

}  // namespace
}  // namespace holdfast::checkers
