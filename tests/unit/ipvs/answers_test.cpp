// Answers of a Linux 6.1 kernel, byte for byte: a persistent service with one server and three open
// connections. Beside them stood `ipvsadm -ln --stats --exact`: 3 9 6 3492 336 for both.
#include "ipvs/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "tests/unit/hex.h"

namespace holdfast::ipvs {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<std::byte>;

const ServiceKey web{Protocol::tcp, IpAddress::v4(0xC000020A), 80};
const DestinationKey server{IpAddress::v4(0x7F000001), 8080};
const Traffic had{{3, 9, 6, 3492, 336}, {0, 1, 0, 246, 24}};

// The kernel aligns values of 64 bits with an attribute of type 0x0b, which depends on the place.
constexpr std::string_view service_32 =
    "60000a00 0800010003000000 0800020009000000 0800030006000000 0c000400a40d000000000000"
    "04000b00 0c0005005001000000000000 0800060000000000 0800070001000000 0800080000000000"
    "08000900f6000000 08000a0018000000";
constexpr std::string_view destination_32 =
    "64000a00 0800010003000000 0800020009000000 0800030006000000 04000b00 0c000400a40d000000000000"
    "04000b00 0c0005005001000000000000 0800060000000000 0800070001000000 0800080000000000"
    "08000900f6000000 08000a0018000000";
constexpr std::string_view counters_64 =
    "a0000c00 0c0001000300000000000000 04000b00 0c0002000900000000000000"
    "04000b00 0c0003000600000000000000 04000b00 0c000400a40d000000000000"
    "04000b00 0c0005005001000000000000 04000b00 0c0006000000000000000000"
    "04000b00 0c0007000100000000000000 04000b00 0c0008000000000000000000"
    "04000b00 0c000900f600000000000000 04000b00 0c000a001800000000000000";
constexpr std::string_view service_attributes =
    "0600010002000000 0600020006000000 14000300c000020a000000000000000000000000"
    "0600040000500000 0700060072720000 0c00070003000000ffffffff 080008003c000000 08000900ffffffff";
constexpr std::string_view destination_attributes =
    "140001007f000001000000000000000000000000 060002001f900000 0800030000000000 0800040003000000"
    "05000d0000000000 06000e0000000000 06000f0000000000 0800050000000000 0800060000000000"
    "0800070003000000 0800080000000000 0800090001000000 06000b0002000000";

/// The message around an object: the headers of netlink and generic netlink, and the nest.
Bytes message_of(int command, int attribute, std::string_view object) {
  const Bytes inside = from_hex(object);
  Bytes out(24);
  const auto put = [&](std::size_t at, std::size_t value) {
    out[at] = std::byte(value & 0xffU);
    out[at + 1] = std::byte(value >> 8U);
  };
  put(0, 24 + inside.size());
  put(4, 0x1c);
  put(16, static_cast<std::size_t>(command));
  put(20, 4 + inside.size());
  put(22, static_cast<std::size_t>(attribute));
  out.insert(out.end(), inside.begin(), inside.end());
  return out;
}
Bytes service_answer(std::initializer_list<std::string_view> counters) {
  std::string all{service_attributes};
  for (const std::string_view part : counters) all += part;
  return message_of(1, 1, all);
}
Bytes destination_answer(std::initializer_list<std::string_view> counters) {
  std::string all{destination_attributes};
  for (const std::string_view part : counters) all += part;
  return message_of(5, 2, all);
}
nlmsghdr* header(Bytes& bytes) { return reinterpret_cast<nlmsghdr*>(bytes.data()); }
Bytes with_changed(Bytes bytes, std::string_view pattern, std::string_view by) {
  const Bytes before = from_hex(pattern);
  const Bytes after = from_hex(by);
  const auto found = std::search(bytes.begin(), bytes.end(), before.begin(), before.end());
  EXPECT_NE(found, bytes.end());
  std::copy(after.begin(), after.end(), found);
  return bytes;
}
Result<std::map<DestinationKey, DestinationStatistics>> destinations_in(Bytes bytes) {
  std::map<DestinationKey, DestinationStatistics> found;
  auto read = read_destination_statistics(header(bytes), web, found);
  if (!read) return tl::make_unexpected(read.error());
  return found;
}

TEST(IpvsAnswers, AServiceIsReadWithItsCountersOf64Bits) {
  Bytes bytes = service_answer({service_32, counters_64});
  EXPECT_EQ(read_service_traffic(header(bytes)).value(), had);
  Table table;
  read_service(header(bytes), table);
  ASSERT_TRUE(table.contains(web));
  EXPECT_EQ(table.at(web).settings.timeout, 60U);
}

TEST(IpvsAnswers, ADestinationIsReadWithItsConnections) {
  const auto found = destinations_in(destination_answer({destination_32, counters_64})).value();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.at(server), (DestinationStatistics{had, {3, 0}, 1}));
}

TEST(IpvsAnswers, CountersBeyond32BitsAreWhole) {
  // Of 64 bits: bytes in. Those of 32 stay as they are and do not count.
  Bytes bytes = with_changed(service_answer({service_32, counters_64}),
                             "04000b00 0c000400a40d000000000000 04000b00 0c00050050010000 0000"
                             "0000 04000b00 0c000600",
                             "04000b00 0c000400a40d000001000000 04000b00 0c00050050010000 0000"
                             "0001 04000b00 0c000600");
  const Traffic traffic = read_service_traffic(header(bytes)).value();
  EXPECT_EQ(traffic.total.bytes_in, 0x100000da4U);
  EXPECT_EQ(traffic.total.bytes_out, 0x0100000000000150U);
}

TEST(IpvsAnswers, AnOldKernelHasTheCountersOf32BitsOnly) {
  Bytes bytes = service_answer({service_32});
  EXPECT_EQ(read_service_traffic(header(bytes)).value(), had);
  EXPECT_EQ(destinations_in(destination_answer({destination_32})).value().at(server).traffic, had);
}

TEST(IpvsAnswers, AnAnswerWithoutWhatWasAskedForIsAnError) {
  Bytes bytes = service_answer({});
  EXPECT_THAT(read_service_traffic(header(bytes)).error().what, HasSubstr("has no statistics"));
  bytes = destination_answer({counters_64});
  EXPECT_THAT(read_service_traffic(header(bytes)).error().what, HasSubstr("has no service"));
  EXPECT_THAT(destinations_in(service_answer({counters_64})).error().what,
              HasSubstr("has no destination"));
  EXPECT_THAT(destinations_in(message_of(5, 2, counters_64)).error().what,
              HasSubstr("without an address"));
}

TEST(IpvsAnswers, ACounterThatIsMissingOrOfAnotherSizeIsNamed) {
  // The ninth counter becomes one of 2 bytes, or one of an unknown type.
  for (const std::string_view by : {"06000900f6000000", "08001f00f6000000"}) {
    Bytes bytes = with_changed(service_answer({service_32}), "08000900f6000000", by);
    EXPECT_THAT(read_service_traffic(header(bytes)).error().what,
                HasSubstr("incomplete: counter 9 is missing or of a wrong size"));
  }
}

TEST(IpvsAnswers, AnAnswerThatIsCutOffAnywhereIsReadOnlyToItsEnd) {
  // Each in memory of its own length, where a sanitizer sees one byte too far.
  const Bytes whole = destination_answer({counters_64});
  for (std::size_t length = 20; length < whole.size(); ++length) {
    Bytes cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)};
    cut.shrink_to_fit();
    const auto claimed = static_cast<std::uint32_t>(length);
    std::memcpy(cut.data(), &claimed, sizeof claimed);
    std::map<DestinationKey, DestinationStatistics> found;
    EXPECT_FALSE(read_destination_statistics(header(cut), web, found)) << length;
    EXPECT_FALSE(read_service_traffic(header(cut))) << length;
  }
}

TEST(IpvsAnswers, AnAttributeThatClaimsMoreThanThereIsIsAnError) {
  // Lengths of the nest of counters, of the nest around it, and of one counter.
  for (const auto& [pattern, by] :
       {std::pair{"a0000c00 0c000100", "ffff0c00 0c000100"},
        std::pair{"a0000c00 0c000100", "03000c00 0c000100"},
        std::pair{"0c000500 5001", "ffff0500 5001"}, std::pair{"0c000500 5001", "00000500 5001"}}) {
    Bytes bytes = with_changed(service_answer({counters_64}), pattern, by);
    bytes.shrink_to_fit();
    EXPECT_FALSE(read_service_traffic(header(bytes))) << by;
  }
}

}  // namespace
}  // namespace holdfast::ipvs
