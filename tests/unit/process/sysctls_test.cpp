#include "daemon/process/sysctls.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace holdfast::process {
namespace {

struct NoLog : Log {
  void write(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;
};

class SysctlsTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(root_ + "net"); }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void put(const std::string& name, const std::string& value) const {
    std::ofstream{root_ + name} << value << "\n";
  }

  NoLog log_;
  std::string root_ =
      testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
  Sysctls sysctls_{log_, root_};
};

TEST_F(SysctlsTest, WhatIsNotWantedAnyMoreGetsItsOldValueBack) {
  put("net/a", "0");
  put("net/b", "2");
  sysctls_.hold({{"net/a", "1"}, {"net/b", "2"}, {"net/missing", "1"}});
  EXPECT_EQ(sysctls_.get("net/a"), "1");
  EXPECT_EQ(sysctls_.original("net/a"), "0");
  sysctls_.hold({});
  EXPECT_EQ(sysctls_.get("net/a"), "0");
  EXPECT_EQ(sysctls_.get("net/b"), "2");
  EXPECT_TRUE(log_.events.empty());
}

TEST_F(SysctlsTest, WhatSomebodyElseChangedMeanwhileStays) {
  put("net/a", "0");
  sysctls_.hold({{"net/a", "1"}});
  put("net/a", "2");
  sysctls_.hold({});
  EXPECT_EQ(sysctls_.get("net/a"), "2");
}

TEST_F(SysctlsTest, ASuccessorPutsBackWhatItsPredecessorFound) {
  put("net/a", "1");
  sysctls_.inherit("net/a", "0");
  sysctls_.hold({{"net/a", "1"}});
  EXPECT_EQ(sysctls_.original("net/a"), "0");
  sysctls_.hold({});
  EXPECT_EQ(sysctls_.get("net/a"), "0");
}

TEST_F(SysctlsTest, TheLedgerKnowsWhatWasThereBefore) {
  put("net/a", "0");
  std::map<std::string, std::string> ledger;
  sysctls_.set_ledger(
      {[&](const std::string& path, const std::string& value) { ledger[path] = value; },
       [&](const std::string& path) { ledger.erase(path); }});
  sysctls_.hold({{"net/a", "1"}});
  EXPECT_EQ(ledger, (std::map<std::string, std::string>{{"net/a", "0"}}));
  sysctls_.hold({{"net/a", "1"}});
  sysctls_.hold({});
  EXPECT_TRUE(ledger.empty());
}

}  // namespace
}  // namespace holdfast::process
