#include "daemon/tool/difference.h"

#include <gmock/gmock.h>

#include "tests/unit/tool/files.h"

namespace holdfast::tool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Difference : public WithFiles {
 protected:
  std::vector<std::string> between(const std::string& before, const std::string& after) {
    return difference(load(file("a.conf", before), ""), load(file("b.conf", after), ""));
  }
};

const std::string pair =
    "vrrp_instance A {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.1\n "
    "10.0.0.2\n }\n}\nvrrp_instance B {\n interface eth1\n}\n";

TEST_F(Difference, IsNoneForOrderFormatAndDefaultsWrittenOut) {
  EXPECT_THAT(between(pair, pair), IsEmpty());
  EXPECT_THAT(between(pair,
                      "vrrp_instance \"B\" { interface eth1\n}\nvrrp_instance A {\n advert_int "
                      "1.00\n preempt\n virtual_router_id 05 # five\n virtual_ipaddress {\n "
                      "10.0.0.1\n }\n interface eth0\n virtual_ipaddress {\n 10.0.0.2\n}\n}\n"),
              IsEmpty());
  EXPECT_THAT(between("virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server fe80::0:1 80 {\n "
                      "}\n real_server ::2 {\n }\n}\n",
                      "virtual_server 10.0.0.1 080 {\n real_server ::2 80 {\n weight 1\n }\n "
                      "real_server fe80::1 {\n }\n protocol TCP\n}\n"),
              IsEmpty());
  EXPECT_THAT(between("vrrp_sync_group G {\n group {\n A\n B\n }\n}\n",
                      "vrrp_sync_group G {\n group {\n A B\n }\n}\n"),
              IsEmpty());
}

TEST_F(Difference, NamesObjectsThatComeAndGo) {
  EXPECT_THAT(between(pair, "vrrp_instance C {\n}\n"),
              ElementsAre("- vrrp_instance A", "- vrrp_instance B", "+ vrrp_instance C"));
  EXPECT_THAT(
      between("virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server 10.0.0.2 80 {\n}\n}\n",
              "virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server 10.0.0.3 80 {\n}\n}\n"
              "virtual_server 10.0.0.1 80 {\n}\n"),
      ElementsAre("- virtual_server 10.0.0.1 80 TCP / real_server 10.0.0.2 80",
                  "+ virtual_server 10.0.0.1 80 TCP / real_server 10.0.0.3 80",
                  "+ virtual_server 10.0.0.1 80 UDP"));
}

TEST_F(Difference, NamesValuesOldAndNewAndWhereTheyAreFrom) {
  EXPECT_THAT(between("vrrp_instance A {\n priority 100\n preempt_delay 3\n}\n",
                      "vrrp_instance A {\n priority 101\n advert_int 2\n interface eth0\n}\n"),
              ElementsAre("~ vrrp_instance A / priority: 100 -> 101",
                          "~ vrrp_instance A / preempt_delay: 3 -> 0 (default)",
                          "~ vrrp_instance A / advert_int: 1 (default) -> 2",
                          "+ vrrp_instance A / interface eth0"));
  EXPECT_THAT(between("vrrp_instance A {\n}\n", "vrrp_instance A {\n nopreempt\n}\n"),
              ElementsAre("- vrrp_instance A / preempt", "+ vrrp_instance A / nopreempt"));
}

TEST_F(Difference, TellsOnceWhatManyTake) {
  const std::string instances = "vrrp_instance A {\n}\nvrrp_instance B {\n version 3\n}\n";
  EXPECT_THAT(between("global_defs {\n vrrp_version 2\n}\n" + instances,
                      "global_defs {\n vrrp_version 3\n}\n" + instances),
              ElementsAre("~ global_defs / vrrp_version: 2 -> 3"));
  EXPECT_THAT(between(instances, "vrrp_instance A {\n version 3\n}\nvrrp_instance B {\n}\n"),
              ElementsAre("~ vrrp_instance A / version: 2 (default) -> 3",
                          "~ vrrp_instance B / version: 3 -> 2 (default)"));
}

TEST_F(Difference, ComparesLinesOfBlocksByTheirFirstWord) {
  const auto with = [](const std::string& lines) {
    return "vrrp_instance A {\n virtual_ipaddress {\n" + lines + " }\n}\n";
  };
  EXPECT_THAT(between(with("10.0.0.1\n10.0.0.2\n"), with("10.0.0.2 dev eth0\n10.0.0.3\n")),
              ElementsAre("- vrrp_instance A / virtual_ipaddress / 10.0.0.1",
                          "~ vrrp_instance A / virtual_ipaddress / 10.0.0.2 -> 10.0.0.2 dev eth0",
                          "+ vrrp_instance A / virtual_ipaddress / 10.0.0.3"));
  // Adverts list the addresses in their order.
  EXPECT_THAT(between(with("10.0.0.1\n10.0.0.2\n"), with("10.0.0.2\n10.0.0.1\n")),
              ElementsAre("~ vrrp_instance A / virtual_ipaddress / the order"));
}

TEST_F(Difference, MatchesChecksAndUrlsThatAreEqualFirst) {
  const auto with = [](const std::string& checks) {
    return "virtual_server fwmark 010 {\n real_server 10.0.0.2 80 {\n" + checks + "}\n}\n";
  };
  EXPECT_THAT(between(with("TCP_CHECK {\n connect_port 1\n}\nTCP_CHECK {\n connect_port 2\n}\n"),
                      with("TCP_CHECK {\n connect_port 2\n}\nTCP_CHECK {\n connect_port 3\n}\n")),
              ElementsAre("~ virtual_server fwmark 10 / real_server 10.0.0.2 80 / TCP_CHECK / "
                          "connect_port: 1 -> 3"));
  EXPECT_THAT(between(with("HTTP_GET {\n url {\n path /a\n}\nurl {\n path /b\n}\n}\n"),
                      with("HTTP_GET {\n url {\n path /b\n}\n}\n")),
              ElementsAre("- virtual_server fwmark 10 / real_server 10.0.0.2 80 / HTTP_GET / url"));
}

TEST_F(Difference, ShowsNoSecret) {
  EXPECT_THAT(between("vrrp_instance A {\n auth_hmac {\n kye 1 aa\n }\n}\n",
                      "vrrp_instance A {\n auth_hmac {\n kye 1 bb\n }\n}\n"),
              ElementsAre("~ vrrp_instance A / auth_hmac / kye: ******** -> ********"));
}

}  // namespace
}  // namespace holdfast::tool
