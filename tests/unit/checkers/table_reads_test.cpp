// How often the process asks the kernel for its table, and that a table which is not as it was
// known is put right none the less.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <sstream>

#include "checkers/io/process.h"
#include "tests/unit/ipvs/fake_kernel.h"

namespace holdfast::checkers {
namespace {

constexpr const char* group = "virtual_server_group G {\n192.0.2.10 80\nfwmark 7\n}\n";

std::string service(const std::string& name, int weight) {
  return fmt::format(
      "virtual_server {} {{\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n"
      "real_server 10.0.0.1 80 {{\nweight {}\n}}\n}}\n",
      name, weight);
}

struct TableReads : testing::Test {
  void load(const std::string& content) {
    config::Text text;
    text.files = {"test.conf"};
    std::istringstream lines{content};
    std::uint32_t number = 0;
    for (std::string line; std::getline(lines, line);)
      text.lines.push_back({text.storage.keep(line), 0, ++number});
    ASSERT_TRUE(worker.prepare(text).empty());
    ASSERT_TRUE(worker.commit({}));
    context.poll();
  }
  [[nodiscard]] std::uint32_t weight(const ipvs::ServiceKey& key) const {
    return kernel.table.at(key).destinations.at({IpAddress::v4(0x0A000001), 80}).weight;
  }

  ipvs::FakeKernelState kernel;
  ipvs::LogInMemory log;
  boost::asio::io_context context;
  CheckersProcess worker{
      context, log, [](process::Message) {},
      [this](int, const netlink::ReceiveBuffer&) { return ipvs::opens(kernel)(); }};
  const ipvs::ServiceKey web{ipvs::Protocol::tcp, IpAddress::v4(0xC000020A), 80};
};

TEST_F(TableReads, AStartReadsOnceAndWritesOneBatch) {
  load(service("192.0.2.10 80", 3));
  EXPECT_EQ(weight(web), 3U);
  EXPECT_EQ(kernel.dumps, 1U);
  EXPECT_EQ(kernel.batches, 1U);
}

TEST_F(TableReads, AStartWithGroupsReadsOnce) {
  load(group + service("group G", 3));
  EXPECT_EQ(kernel.table.size(), 2U);
  EXPECT_EQ(kernel.dumps, 1U);
}

TEST_F(TableReads, AStartThatClearsTheTableNeedNotReadIt) {
  kernel.table[{ipvs::Protocol::udp, IpAddress::v4(0xC0000263), 53}];
  load("global_defs {\nlvs_flush\n}\n" + service("192.0.2.10 80", 3));
  EXPECT_EQ(kernel.table.size(), 1U);
  EXPECT_EQ(kernel.dumps, 0U);
}

TEST_F(TableReads, AReloadSendsItsChangesWithoutReading) {
  load(service("192.0.2.10 80", 3));
  load(service("192.0.2.10 80", 3));
  EXPECT_EQ(kernel.batches, 1U);
  load(service("192.0.2.10 80", 4) + service("192.0.2.20 80", 1));
  EXPECT_EQ(weight(web), 4U);
  EXPECT_EQ(kernel.table.size(), 2U);
  EXPECT_EQ(kernel.batches, 2U);
  EXPECT_EQ(kernel.dumps, 1U);
}

TEST_F(TableReads, AReloadThatTheKernelContradictsReadsAndRepairs) {
  load(service("192.0.2.10 80", 3));
  kernel.table.clear();
  load(service("192.0.2.10 80", 4));
  EXPECT_EQ(weight(web), 4U);
  EXPECT_EQ(kernel.dumps, 1U);
  EXPECT_EQ(kernel.reads, 1U);
  EXPECT_EQ(log.count("ipvs_repaired"), 1U);
  EXPECT_EQ(log.count("ipvs_refused"), 0U);
}

TEST_F(TableReads, AReloadThatMovesAServiceInTheTextChangesNothing) {
  load(service("192.0.2.10 80", 3) + service("192.0.2.20 80", 1));
  load("# a comment\n" + service("192.0.2.20 80", 1) + service("192.0.2.10 80", 3));
  EXPECT_EQ(kernel.batches, 1U);
  load(service("192.0.2.10 80", 3));
  EXPECT_EQ(kernel.table.size(), 1U);
  load(service("192.0.2.10 80", 5));
  EXPECT_EQ(weight(web), 5U);
}

TEST_F(TableReads, AReloadBeforeThereWasIpvsWritesAllOfIt) {
  kernel.present = false;
  load(service("192.0.2.10 80", 3));
  kernel.present = true;
  load(service("192.0.2.10 80", 4));
  EXPECT_EQ(weight(web), 4U);
  EXPECT_EQ(kernel.dumps, 1U);
}

}  // namespace
}  // namespace holdfast::checkers
