#include "vrrp/linux/running.h"

#include <gtest/gtest.h>

#include "daemon/process/state_table.h"

namespace holdfast::vrrp {
namespace {

using std::chrono::milliseconds;
constexpr TimePoint noon{std::chrono::hours{12}};

TEST(StateRecord, ASuccessorReadsWhatABackupKnew) {
  Backup backup;
  backup.deadline = noon + milliseconds{3609};
  backup.active_interval = milliseconds{1000};
  backup.active_priority = 150;
  backup.active_address = IpAddress::v4(0xC0000201);
  EXPECT_EQ(from_record(to_record(backup)), State{backup});
}

TEST(StateRecord, TheActiveRouterMayHaveAnIpv6Address) {
  Backup backup;
  backup.active_address = *IpAddress::parse("fe80::a");
  EXPECT_EQ(from_record(to_record(backup)), State{backup});
}

TEST(StateRecord, ASuccessorReadsWhenTheActiveRouterLastAdvertised) {
  const Active active{noon + milliseconds{100}, noon, TimePoint{}};
  EXPECT_EQ(from_record(to_record(active)), State{active});
}

TEST(StateRecord, StatesWithoutADeadlineAreKeptToo) {
  EXPECT_EQ(from_record(to_record(Fault{})), State{Fault{}});
  EXPECT_EQ(from_record(to_record(Initialize{})), State{Initialize{}});
}

TEST(StateRecord, FitsTheStateTable) {
  EXPECT_LE(to_record(Backup{}).size(), process::StateTable::max_value);
}

TEST(StateRecord, NoRecordIsNoState) { EXPECT_EQ(from_record({}), std::nullopt); }

TEST(StateRecord, ARecordOfAnotherSizeLayoutOrStateIsNotBelieved) {
  auto record = to_record(Active{});
  EXPECT_EQ(from_record(std::span{record}.first(record.size() - 1)), std::nullopt);
  auto newer = record;
  newer[2] = std::byte{9};
  EXPECT_EQ(from_record(newer), std::nullopt);
  auto unknown = record;
  unknown[0] = std::byte{77};
  EXPECT_EQ(from_record(unknown), std::nullopt);
}

}  // namespace
}  // namespace holdfast::vrrp
