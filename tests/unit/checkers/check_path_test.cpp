// check_path: which checks go through IPVS, by which address and port, and what is said of the
// others; and the marks that lead there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/config/config.h"
#include "checkers/core/path_marks.h"
#include "tests/unit/config_text.h"

namespace holdfast::checkers {
namespace {

using config::FromText;
using ipvs::Forwarding;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Outcome {
  CheckersConfig config;
  std::string first;  ///< finding
};
Outcome read(const std::string& text) {
  FromText conf{text};
  Outcome outcome{read_checkers(conf.tree, conf.reader), {}};
  outcome.first = conf.first();
  return outcome;
}

/// A service with one server that has these checks.
std::string service(const std::string& checks, const std::string& method = "DR",
                    const std::string& head = "192.0.2.10 80", const std::string& more = "") {
  return fmt::format(
      "virtual_server {} {{\nlb_algo rr\nlb_kind {}\nprotocol TCP\n{}\n"
      "real_server 198.51.100.1 80 {{\n{}\n}}\n}}\n",
      head, method, more, checks);
}
const std::string tcp = "TCP_CHECK {\ncheck_path forwarding\n}";

const Endpoint& endpoint(const Outcome& outcome, std::size_t check = 0) {
  return outcome.config.services.at(0).servers.at(0).checks.at(check).endpoint;
}

TEST(CheckPath, TheVirtualAddressIsAskedThroughIpvs) {
  const Outcome outcome = read(service(tcp + "\nTCP_CHECK { }"));
  EXPECT_EQ(outcome.first, "");
  const Endpoint& there = endpoint(outcome);
  EXPECT_EQ(there.connect_ip->to_string(), "192.0.2.10");
  EXPECT_EQ(there.connect_port, 80);
  ASSERT_TRUE(there.path);
  const ForwardingPath wanted{
      Family::ipv4, {*IpAddress::parse("198.51.100.1"), 0}, Forwarding::direct_route, {}};
  EXPECT_EQ(*there.path, wanted);
  EXPECT_FALSE(endpoint(outcome, 1).path);
  EXPECT_EQ(endpoint(outcome, 1).connect_ip->to_string(), "198.51.100.1");
  const auto& checks = outcome.config.services.at(0).servers.at(0).checks;
  EXPECT_NE(checks.at(0).identity(), checks.at(1).identity());
}

TEST(CheckPath, NatChangesThePort) {
  const Outcome outcome = read(service(tcp, "NAT", "192.0.2.10 8080"));
  EXPECT_EQ(endpoint(outcome).connect_port, 8080);
  EXPECT_EQ(endpoint(outcome).path->server.port, 80);
  const Outcome other = read(
      service("TCP_CHECK {\ncheck_path forwarding\nconnect_port 81\n}", "NAT", "192.0.2.10 8080"));
  EXPECT_EQ(endpoint(other).connect_port, 81);
  EXPECT_EQ(endpoint(other).path->server.port, 81);
}

TEST(CheckPath, TheServiceSpeaksForChecksThatCan) {
  const std::string checks =
      "TCP_CHECK { }\nPING_CHECK { }\nTCP_CHECK {\nconnect_port 81\n}\n"
      "TCP_CHECK {\nconnect_ip 198.51.100.2\n}\nTCP_CHECK {\nfwmark 3\n}\n"
      "TCP_CHECK {\ncheck_path direct\n}\nHTTP_GET {\nurl {\npath /\n}\n}\n"
      "AGENT_CHECK {\nconnect_port 99\n}\nUDP_CHECK { }\n";
  const Outcome outcome = read(service(checks, "TUN", "192.0.2.10 80", "check_path forwarding"));
  EXPECT_EQ(outcome.first, "");
  std::vector<std::size_t> through;
  const auto& all = outcome.config.services.at(0).servers.at(0).checks;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].endpoint.path) through.push_back(i);
  EXPECT_THAT(through, ElementsAre(0, 6, 8));
}

TEST(CheckPath, AServerSpeaksBeforeItsService) {
  const Outcome outcome = read(
      service("check_path direct\nTCP_CHECK { }", "DR", "192.0.2.10 80", "check_path forwarding"));
  EXPECT_FALSE(endpoint(outcome).path);
}

TEST(CheckPath, WhatCannotGoThatWayIsSaid) {
  const std::string ask = "check_path forwarding\n";
  const auto error = [](const std::string& text) { return read(text).first; };
  EXPECT_THAT(error(service("PING_CHECK {\n" + ask + "}")), HasSubstr("does not forward pings"));
  EXPECT_THAT(error(service("MISC_CHECK {\nmisc_path /bin/true\n" + ask + "}")),
              HasSubstr("9:1: error: 'check_path' is not for MISC_CHECK: the way of its packets"));
  EXPECT_THAT(error("track_file f {\nfile /tmp/f\n}\n" +
                    service("FILE_CHECK {\ntrack_file f\n" + ask + "}")),
              HasSubstr("'check_path' is not for FILE_CHECK: it sends nothing"));
  EXPECT_THAT(error(service("TCP_CHECK {\nfwmark 3\n" + ask + "}")), HasSubstr("it has a fwmark"));
  EXPECT_THAT(error(service("TCP_CHECK {\nbindto 192.0.2.10\n" + ask + "}")),
              HasSubstr("bindto is the virtual address"));
  EXPECT_THAT(error(service("DNS_CHECK {\n" + ask + "}", "NAT")),
              HasSubstr("with NAT every datagram"));
  EXPECT_THAT(error(service(tcp, "DR", "fwmark 7")), HasSubstr("connect_ip names the virtual one"));
  EXPECT_THAT(error(service("TCP_CHECK {\nconnect_ip 2001:db8::1\n" + ask + "}")),
              HasSubstr("of another family"));
  EXPECT_THAT(error(service(tcp, "TUN", "2001:db8::1 80")), HasSubstr("bindto must say"));
  EXPECT_THAT(error(service("TCP_CHECK {\ncheck_path around\n}")), HasSubstr("check_path"));
  EXPECT_THAT(error("net_namespace_ipvs other\n" + service(tcp)),
              HasSubstr("another network namespace"));
  EXPECT_EQ(error("net_namespace x\nnet_namespace_ipvs x\n" + service(tcp)), "");
}

TEST(CheckPath, AServiceOfMarksNeedsAnAddress) {
  const Outcome outcome = read(
      service("TCP_CHECK {\ncheck_path forwarding\nconnect_ip 192.0.2.7\n}", "DR", "fwmark 7"));
  EXPECT_EQ(outcome.first, "");
  EXPECT_EQ(endpoint(outcome).connect_ip->to_string(), "192.0.2.7");
  EXPECT_EQ(endpoint(outcome).connect_port, 80);
}

TEST(CheckPath, OfAGroupTheFirstAddressIsAsked) {
  const Outcome outcome =
      read("virtual_server_group G {\nfwmark 5\n2001:db8::5 80\n192.0.2.5 80\n192.0.2.6 81\n}\n" +
           service(tcp, "DR", "group G"));
  EXPECT_EQ(endpoint(outcome).connect_ip->to_string(), "192.0.2.5");
}

TEST(CheckPath, ItsMarksAreNobodyElses) {
  const auto error = [](const std::string& text) { return read(text).first; };
  const std::string user = service("TCP_CHECK { }", "DR", "fwmark 268435460");
  EXPECT_EQ(error(user), "") << "nobody asks for them";
  EXPECT_THAT(error(service(tcp) + user),
              HasSubstr("firewall mark 268435460 is one of 268435456..269484031"));
  EXPECT_EQ(error("global_defs {\ncheck_path_start_fwmark 5000000\n}\n" + service(tcp) + user), "");
  EXPECT_THAT(error("global_defs {\ncheck_path_start_fwmark 5000000\n}\n" +
                    service(tcp + "\nTCP_CHECK {\nfwmark 5000001\n}")),
              HasSubstr("firewall mark 5000001"));
}

TEST(CheckPath, MarksOfGroupsAreNotItsOwn) {
  const auto error = [](const std::string& first_mark) {
    return read("global_defs {\nnftables_ipvs\nnftables_ipvs_start_fwmark " + first_mark +
                "\n}\nvirtual_server_group G {\n192.0.2.5 80\n}\n" + service(tcp, "DR", "group G"))
        .first;
  };
  EXPECT_EQ(error("268435455"), "");
  EXPECT_THAT(error("268435456"), HasSubstr("from 268435456 on to 1 groups, and check_path"));
  EXPECT_THAT(error("269484031"), HasSubstr("forwarding has 268435456..269484031 to itself"));
  EXPECT_EQ(error("269484032"), "");
}

std::vector<std::uint32_t> marks_of(const CheckersConfig& config) {
  std::vector<std::uint32_t> marks;
  for (const VirtualServer& service : config.services)
    for (const RealServer& server : service.servers)
      for (const Check& check : server.checks) marks.push_back(check.endpoint.fwmark.value_or(0));
  return marks;
}

TEST(PathMarks, OneForEachServerAndMethod) {
  CheckersConfig config =
      read(service(tcp + "\n" + tcp) + service(tcp, "TUN", "192.0.2.11 80") +
           service(tcp, "DR", "192.0.2.12 80") + service("TCP_CHECK { }", "DR", "192.0.2.13 80"))
          .config;
  PathMarks marks;
  const PathMarks::Change change = marks.assign(config);
  EXPECT_THAT(marks_of(config), ElementsAre(268435456, 268435456, 268435457, 268435456, 0));
  ASSERT_EQ(change.made.size(), 2U);
  EXPECT_THAT(change.gone, IsEmpty());
  const ipvs::Service row = service_of(change.made.front().second);
  ASSERT_EQ(row.destinations.size(), 1U);
  EXPECT_EQ(row.destinations.begin()->second.weight, 1U);
  EXPECT_EQ(row.settings.flags, ipvs::service_flag::one_packet);
}

TEST(PathMarks, AReloadKeepsThoseThatGoOnAndGivesTheOthersAgain) {
  const auto with = [](std::initializer_list<int> servers) {
    std::string text = "virtual_server 192.0.2.10 80 {\nlb_algo rr\nlb_kind DR\nprotocol TCP\n";
    for (const int server : servers)
      text += fmt::format("real_server 198.51.100.{} 80 {{\n{}\n}}\n", server, tcp);
    return read("global_defs {\ncheck_path_start_fwmark 50\n}\n" + text + "}\n").config;
  };
  PathMarks marks;
  CheckersConfig first = with({1, 2, 3});
  marks.assign(first);
  EXPECT_THAT(marks_of(first), ElementsAre(50, 51, 52));
  CheckersConfig same = with({1, 2, 3});
  const PathMarks::Change none = marks.assign(same);
  EXPECT_THAT(none.made, IsEmpty());
  EXPECT_THAT(none.gone, IsEmpty());
  CheckersConfig second = with({3, 4, 2, 5});
  const PathMarks::Change change = marks.assign(second);
  EXPECT_THAT(marks_of(second), ElementsAre(52, 50, 51, 53));
  EXPECT_THAT(change.gone, ElementsAre(ipvs::ServiceKey::of_mark(50, Family::ipv4)));
  CheckersConfig last;
  EXPECT_EQ(marks.assign(last).gone.size(), 4U);
  EXPECT_TRUE(marks.empty());
}

TEST(PathMarks, AnotherBeginMovesAll) {
  CheckersConfig config = read(service(tcp)).config;
  PathMarks marks;
  marks.assign(config);
  config.globals.check_path_first_mark = 9;
  const PathMarks::Change change = marks.assign(config);
  EXPECT_THAT(marks_of(config), ElementsAre(9));
  EXPECT_THAT(change.gone, ElementsAre(ipvs::ServiceKey::of_mark(268435456, Family::ipv4)));
}

}  // namespace
}  // namespace holdfast::checkers
