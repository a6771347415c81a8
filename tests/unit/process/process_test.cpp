// Memory files, the channel, its messages and the state table: all within this process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "daemon/process/auto_priority.h"
#include "daemon/process/channel.h"
#include "daemon/process/log.h"
#include "daemon/process/memfd.h"
#include "daemon/process/messages.h"
#include "daemon/process/send_queue.h"
#include "daemon/process/state_table.h"

namespace holdfast::process {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}
std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Memfd, CannotBeChangedOnceItIsSealed) {
  const Fd fd = std::move(*sealed_memfd("test", "hello"));
  EXPECT_EQ(*read_memfd(fd), "hello");
  EXPECT_LT(::write(fd.get(), "x", 1), 0);
  EXPECT_NE(::ftruncate(fd.get(), 0), 0);
}
TEST(Memfd, AnUnsealedFileIsRefused) {
  const Fd fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  EXPECT_FALSE(read_memfd(fd).has_value());
}

TEST(Channel, MessagesArriveWithTheirDescriptors) {
  auto [supervisor, end] = std::move(*Channel::make_pair());
  Channel worker{std::move(end)};
  EXPECT_EQ(*worker.receive(), std::nullopt);
  Configure configure;
  configure.serial = 7;
  configure.restarted = true;
  configure.text = std::move(*sealed_memfd("text", "lines"));
  configure.state = std::move(*StateTable::create("state"));
  configure.ipvs = std::move(*sealed_memfd("socket", "of IPVS"));
  ASSERT_TRUE(send(supervisor, Message{std::move(configure)}));
  const auto message = parse_message(std::move(**worker.receive()));
  const auto& read = std::get<Configure>(*message);
  EXPECT_FALSE(read.processes);
  EXPECT_EQ(*read_memfd(read.ipvs), "of IPVS");
  EXPECT_EQ(read.serial, 7U);
  EXPECT_TRUE(read.restarted);
  EXPECT_EQ(*read_memfd(read.text), "lines");
}
TEST(LogOptions, AreHandedToAWorker) {
  LogOptions given;
  given.suffix = "_blue_two";
  given.threshold = Level::debug;
  const LogOptions taken = from_environment(to_environment(given).c_str(), "Keepalived_vrrp");
  EXPECT_EQ(taken.suffix, "_blue_two");
  EXPECT_EQ(taken.threshold, Level::debug);
  EXPECT_EQ(taken.file, -1);
  EXPECT_EQ(from_environment("0,0,0,0", "").file, -1);
}
TEST(AutoPriority, RisesByOneUpToItsLimit) {
  EXPECT_EQ(raised_priority(0, 2), 1);
  EXPECT_EQ(raised_priority(1, 2), 2);
  EXPECT_EQ(raised_priority(2, 2), std::nullopt);
  EXPECT_EQ(raised_priority(0, 0), std::nullopt);
  EXPECT_EQ(raised_priority(10, 2), std::nullopt);
}
struct NoLog : Log {
  void write(const Event&) override {}
};

TEST(SendQueue, KeepsWhatTheSocketCannotTakeUntilTheOtherSideReads) {
  auto [near, end] = std::move(*Channel::make_pair());
  Channel far{std::move(end)};
  boost::asio::io_context context;
  boost::asio::posix::stream_descriptor writable{context, near.descriptor()};
  NoLog log;
  int emptied = 0;
  {
    SendQueue queue{near, writable, log, "the other"};
    queue.when_empty([&] { ++emptied; });
    constexpr std::uint64_t count = 5000;
    for (std::uint64_t run = 0; run < count; ++run)
      queue.send(CheckResult{"chk", run, CheckOutcome::exited, 0});
    EXPECT_FALSE(queue.is_empty());
    std::uint64_t next = 0;
    while (next < count) {
      context.restart();
      context.poll();
      auto packet = far.receive();
      ASSERT_TRUE(packet && *packet) << next;
      EXPECT_EQ(std::get<CheckResult>(*parse_message(std::move(**packet))).run, next++);
    }
    EXPECT_TRUE(queue.is_empty());
    EXPECT_GE(emptied, 1);
    for (std::uint64_t run = 0; run < count; ++run)
      queue.send(CheckResult{"chk", run, CheckOutcome::exited, 0});
  }
  while (*far.receive()) {  // its handler runs when the queue is gone
  }
  context.restart();
  context.poll();
  writable.release();
}
TEST(Channel, EveryMessageSurvivesTheWay) {
  auto [supervisor, end] = std::move(*Channel::make_pair());
  Channel worker{std::move(end)};
  ASSERT_TRUE(
      send(worker, Prepared{3, {{config::Severity::warning, {4, 5}, "a \"quoted\" word"}}}));
  const auto prepared = parse_message(std::move(**supervisor.receive()));
  const config::Diagnostic& found = std::get<Prepared>(*prepared).diagnostics.at(0);
  EXPECT_EQ(found.message, "a \"quoted\" word");
  EXPECT_EQ(found.place, (config::Place{4, 5}));
  ASSERT_TRUE(
      send(worker, RunScript{1, {2, 3}, "INSTANCE VI_1", {"INSTANCE", "VI_1", "MASTER", "100"}}));
  const auto script = parse_message(std::move(**supervisor.receive()));
  EXPECT_EQ(std::get<RunScript>(*script).arguments.size(), 4U);
  ASSERT_TRUE(send(worker, RunCheck{1, {2, 3}, "chk", 9, std::chrono::milliseconds{1500}}));
  const auto check = parse_message(std::move(**supervisor.receive()));
  EXPECT_EQ(std::get<RunCheck>(*check).timeout, std::chrono::milliseconds{1500});
  EXPECT_EQ(std::get<RunCheck>(*check).place, (config::Place{2, 3}));
  ASSERT_TRUE(send(supervisor, CheckResult{"chk", 9, CheckOutcome::signalled, 15}));
  const auto result = parse_message(std::move(**worker.receive()));
  EXPECT_EQ(std::get<CheckResult>(*result).run, 9U);
  EXPECT_EQ(std::get<CheckResult>(*result).outcome, CheckOutcome::signalled);
  ASSERT_TRUE(send(worker, WatchFiles{1, {{"f", {2, 3}, -7, true}, {"g", {4, 3}, {}, false}}}));
  const auto files = parse_message(std::move(**supervisor.receive()));
  EXPECT_EQ(std::get<WatchFiles>(*files).files.at(0).init, -7);
  EXPECT_EQ(std::get<WatchFiles>(*files).files.at(1).init, std::nullopt);
  ASSERT_TRUE(send(supervisor, FileContent{"f", "12\n"}));
  const auto content = parse_message(std::move(**worker.receive()));
  EXPECT_EQ(std::get<FileContent>(*content).content, "12\n");
  ASSERT_TRUE(send(supervisor, Stop{}));
  EXPECT_TRUE(std::holds_alternative<Stop>(*parse_message(std::move(**worker.receive()))));
}
TEST(Channel, AThousandLongFindingsDoNotBreakIt) {
  auto [supervisor, end] = std::move(*Channel::make_pair());
  Channel worker{std::move(end)};
  Prepared prepared{1, {}};
  for (std::uint32_t i = 0; i < 1000; ++i)
    prepared.diagnostics.push_back({config::Severity::error, {i, 1}, std::string(200, '"')});
  ASSERT_TRUE(send(worker, prepared));
  EXPECT_FALSE(
      std::get<Prepared>(*parse_message(std::move(**supervisor.receive()))).diagnostics.empty());
}
TEST(Channel, ForeignBytesAreAnErrorAndNotTheEnd) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  Channel channel{Fd{ends[0]}};
  const Fd stranger{ends[1]};
  for (const char* text : {"not json", "[1]", "{\"type\":\"nonsense\"}", "{\"type\":\"commit\"}"}) {
    ASSERT_GT(::send(stranger.get(), text, strlen(text), 0), 0);
    auto packet = channel.receive();
    if (packet)
      EXPECT_FALSE(parse_message(std::move(**packet)).has_value()) << text;
    else
      EXPECT_EQ(packet.error().code, EBADMSG) << text;
  }
}
TEST(Channel, TheEndOfThePeerIsSeen) {
  auto [supervisor, end] = std::move(*Channel::make_pair());
  end.reset();
  EXPECT_EQ(supervisor.receive().error().code, EPIPE);
  EXPECT_FALSE(send(supervisor, Stop{}).has_value());
}

TEST(StateTable, ASuccessorReadsWhatWasWritten) {
  const Fd fd = std::move(*StateTable::create("test"));
  {
    StateTable table = std::move(*StateTable::open(fd));
    ASSERT_TRUE(table.put("VI_1", bytes_of("one")));
    ASSERT_TRUE(table.put("VI_2", bytes_of("two")));
    ASSERT_TRUE(table.put("VI_1", bytes_of("newer")));
    table.erase("VI_2");
  }
  const StateTable successor = std::move(*StateTable::open(fd));
  EXPECT_EQ(text_of(successor.get("VI_1")), "newer");
  EXPECT_TRUE(successor.get("VI_2").empty());
  EXPECT_EQ(successor.keys(), std::vector<std::string>{"VI_1"});
}
TEST(StateTable, GrowsAndKeepsEverything) {
  const Fd fd = std::move(*StateTable::create("test"));
  StateTable table = std::move(*StateTable::open(fd));
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(table.put("key " + std::to_string(i), bytes_of(std::to_string(i))));
  const StateTable successor = std::move(*StateTable::open(fd));
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(text_of(successor.get("key " + std::to_string(i))), std::to_string(i));
}
TEST(StateTable, ARecordThatWasBeingWrittenFallsBackToTheOneBefore) {
  const Fd fd = std::move(*StateTable::create("test"));
  {
    StateTable table = std::move(*StateTable::open(fd));
    ASSERT_TRUE(table.put("VI_1", bytes_of("before")));
    ASSERT_TRUE(table.put("VI_1", bytes_of("torn!!")));
  }
  // Damages the newer value, wherever it lies, as an interrupted write would.
  std::string content(static_cast<std::size_t>(::lseek(fd.get(), 0, SEEK_END)), '\0');
  ASSERT_GT(::pread(fd.get(), content.data(), content.size(), 0), 0);
  const std::size_t at = content.find("torn!!");
  ASSERT_NE(at, std::string::npos);
  ASSERT_EQ(::pwrite(fd.get(), "X", 1, static_cast<off_t>(at)), 1);
  EXPECT_EQ(text_of(std::move(*StateTable::open(fd)).get("VI_1")), "before");
}
TEST(StateTable, LongKeysStayDifferent) {
  const Fd fd = std::move(*StateTable::create("test"));
  StateTable table = std::move(*StateTable::open(fd));
  const std::string prefix(300, 'x');
  ASSERT_TRUE(table.put(prefix + "1", bytes_of("one")));
  ASSERT_TRUE(table.put(prefix + "2", bytes_of("two")));
  EXPECT_EQ(text_of(table.get(prefix + "1")), "one");
  EXPECT_EQ(text_of(table.get(prefix + "2")), "two");
}
TEST(StateTable, RetainsTheNamedOnesHoweverLongTheirNamesAre) {
  const Fd fd = std::move(*StateTable::create("test"));
  StateTable table = std::move(*StateTable::open(fd));
  const std::string common(200, 'x');
  for (const std::string& key :
       {common + "1", common + "2", std::string{"short"}, std::string{"s"}})
    ASSERT_TRUE(table.put(key, bytes_of("value")));
  table.retain({common + "2", "short", "never written"});
  EXPECT_EQ(table.keys().size(), 2U);
  EXPECT_EQ(text_of(table.get(common + "2")), "value");
  EXPECT_EQ(text_of(table.get("short")), "value");
}
TEST(StateTable, AValueThatIsTooLongIsRefused) {
  const Fd fd = std::move(*StateTable::create("test"));
  StateTable table = std::move(*StateTable::open(fd));
  EXPECT_FALSE(table.put("k", bytes_of(std::string(StateTable::max_value + 1, 'x'))));
}

}  // namespace
}  // namespace holdfast::process
