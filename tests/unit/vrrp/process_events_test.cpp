// What the kernel tells of processes: its messages, the filter in front of them, and /proc.
#include "vrrp/linux/process_events.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "vrrp/linux/process_folder.h"

namespace holdfast::vrrp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = ProcessEvent::Kind;

constexpr std::uint32_t event_fork = 1, event_exec = 2, event_uid = 4, event_comm = 0x200,
                        event_exit = 0x8000'0000;

/// As the kernel lays it out: 16 bytes of netlink, 20 of the connector, what, CPU, time, numbers.
std::vector<std::byte> message(std::uint32_t what, const std::vector<std::uint32_t>& numbers) {
  std::vector<std::uint32_t> words(13);
  words[9] = what;
  words.insert(words.end(), numbers.begin(), numbers.end());
  words.resize(19);
  const auto bytes = std::as_bytes(std::span{words});
  return {bytes.begin(), bytes.end()};
}

/// The instructions that process_filter() uses. @return whether the message passes
bool passes(const std::vector<sock_filter>& program, const std::vector<std::byte>& bytes) {
  std::uint32_t a = 0, x = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (step.k + 4 > bytes.size()) return false;
        std::memcpy(&a, bytes.data() + step.k, 4);
        a = ntohl(a);
        break;
      case BPF_MISC | BPF_TAX:
        x = a;
        break;
      case BPF_JMP | BPF_JA:
        at += step.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += a == step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JEQ | BPF_X:
        at += a == x ? step.jt : step.jf;
        break;
      case BPF_RET | BPF_K:
        return step.k != 0;
      default:
        ADD_FAILURE() << "instruction " << step.code;
        return false;
    }
  }
  ADD_FAILURE() << "the program has no end";
  return false;
}

TEST(ProcessEvents, AreReadFromTheKernelsMessages) {
  EXPECT_EQ(parse_process_event(message(event_fork, {7, 5, 9, 9})),
            (ProcessEvent{Kind::forked, 9, 5}));
  EXPECT_EQ(parse_process_event(message(event_fork, {7, 5, 9, 5})), std::nullopt);  // a thread
  EXPECT_EQ(parse_process_event(message(event_exec, {7, 7})), (ProcessEvent{Kind::changed, 7, 0}));
  EXPECT_EQ(parse_process_event(message(event_comm, {7, 7})), (ProcessEvent{Kind::changed, 7, 0}));
  EXPECT_EQ(parse_process_event(message(event_comm, {8, 7})), std::nullopt);
  EXPECT_EQ(parse_process_event(message(event_exit, {7, 7})), (ProcessEvent{Kind::ended, 7, 0}));
  EXPECT_EQ(parse_process_event(message(event_exit, {8, 7})), std::nullopt);
  EXPECT_EQ(parse_process_event(message(event_uid, {7, 7})), std::nullopt);
  for (std::size_t size = 0; size < 60; ++size) {
    auto cut = message(event_fork, {7, 5, 9, 9});
    cut.resize(size);
    EXPECT_LE(parse_process_event(cut).has_value(), size > 0);
  }
}
TEST(ProcessEvents, OnlyWhatMayConcernTheTrackersPassesTheFilter) {
  const std::vector<ProcessId> counted{5, 70'000};
  const auto filter = process_filter(counted);
  EXPECT_TRUE(passes(filter, message(event_exec, {7, 7})));
  EXPECT_TRUE(passes(filter, message(event_comm, {7, 7})));
  EXPECT_FALSE(passes(filter, message(event_comm, {8, 7})));
  EXPECT_TRUE(passes(filter, message(event_exit, {5, 5})));
  EXPECT_TRUE(passes(filter, message(event_exit, {70'000, 70'000})));
  EXPECT_FALSE(passes(filter, message(event_exit, {6, 5})));
  EXPECT_FALSE(passes(filter, message(event_exit, {6, 6})));
  EXPECT_TRUE(passes(filter, message(event_fork, {6, 5, 9, 9})));
  EXPECT_FALSE(passes(filter, message(event_fork, {6, 5, 9, 5})));
  EXPECT_TRUE(passes(filter, message(event_fork, {6, 6, 9, 9})));
  EXPECT_FALSE(passes(filter, message(event_uid, {5, 5})));
  EXPECT_FALSE(passes(filter, {}));
}
TEST(ProcessEvents, TooManyProcessesAreNotFiltered) {
  const std::vector<ProcessId> many(most_filtered + 1, 5);
  const auto filter = process_filter(many);
  EXPECT_TRUE(passes(filter, message(event_exit, {6, 6})));
  EXPECT_TRUE(passes(filter, message(event_fork, {6, 6, 9, 9})));
  EXPECT_FALSE(passes(filter, message(event_exit, {6, 5})));
  EXPECT_LE(process_filter(std::vector<ProcessId>(most_filtered, 5)).size(),
            std::size_t{BPF_MAXINSNS});
}
// Nothing that the parser would understand and the trackers need is filtered away.
RC_GTEST_PROP(ProcessEvents, TheFilterAndTheParserAgree, ()) {
  const auto pid = rc::gen::inRange<std::uint32_t>(1, 6);
  const auto what =
      *rc::gen::element(event_fork, event_exec, event_uid, event_comm, event_exit, 0U);
  const auto bytes = message(what, {*pid, *pid, *pid, *pid});
  const auto counted = *rc::gen::container<std::vector<ProcessId>>(rc::gen::inRange(1, 6));
  const auto event = parse_process_event(bytes);
  const auto is_counted = [&](ProcessId id) { return std::ranges::count(counted, id) > 0; };
  const bool needed = event && (event->kind != Kind::ended || is_counted(event->process));
  RC_ASSERT(passes(process_filter(counted), bytes) == needed);
}

TEST(ProcessFolder, NamesMayHaveBracketsAndBlanks) {
  const auto stat = parse_process_stat("12 (a) b (c)) S 1 2 3");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->name, "a) b (c)");
  EXPECT_EQ(stat->state, 'S');
  for (const char* wrong : {"", "12", "12 (a", "12 a) S", "12 )a( S", "12 (a)"})
    EXPECT_FALSE(parse_process_stat(wrong)) << wrong;
}
TEST(ProcessFolder, CommandLinesAreWordsThatEndWithAZero) {
  using namespace std::string_view_literals;
  EXPECT_THAT(parse_command_line("a\0-b\0\0c d\0"sv), ElementsAre("a", "-b", "", "c d"));
  EXPECT_THAT(parse_command_line("cut off"), ElementsAre("cut off"));
  EXPECT_THAT(parse_command_line(""), IsEmpty());
}
TEST(ProcessFolder, ZombiesAndWhatIsNotThereAreNotSeen) {
  const auto folder =
      std::filesystem::path{testing::TempDir()} / ("holdfast-proc-" + std::to_string(::getpid()));
  const auto add = [&](const std::string& pid, const std::string& stat, const std::string& line) {
    std::filesystem::create_directories(folder / pid);
    std::ofstream{folder / pid / "stat"} << stat;
    std::ofstream{folder / pid / "cmdline"} << line;
  };
  add("12", "12 (nginx) S 1", std::string{"nginx: worker\0-x\0", 17});
  add("13", "13 (nginx) Z 1", "");
  add("self", "", "");
  const ProcessFolder proc{folder};
  EXPECT_THAT(*proc.list(), testing::UnorderedElementsAre(12, 13));
  EXPECT_EQ((*proc.look(12, false))->name, "nginx");
  EXPECT_THAT((*proc.look(12, false))->arguments, IsEmpty());
  EXPECT_THAT((*proc.look(12, true))->arguments, ElementsAre("nginx: worker", "-x"));
  EXPECT_FALSE(*proc.look(13, false));
  EXPECT_FALSE(*proc.look(14, false));
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(proc.list());
}

/// As long as it lives nobody gets a descriptor.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(ProcessFolder, WithoutADescriptorNobodyIsTakenForEnded) {
  const ProcessFolder proc;
  const auto look = [&] {
    const NoDescriptors none;
    return proc.look(::getpid(), false);
  }();
  ASSERT_FALSE(look) << "an error, not an ended process";
  EXPECT_EQ(look.error().code, EMFILE);
  EXPECT_TRUE(*proc.look(::getpid(), false));
  const auto list = [&] {
    const NoDescriptors none;
    return proc.list();
  }();
  EXPECT_FALSE(list);
}

TEST(ProcessEvents, AreFilteredFromTheFirstOne) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd kernel{ends[1]};
  auto events = ProcessEvents::open(Fd{ends[0]});
  ASSERT_TRUE(events) << events.error().what;
  for (const auto& sent : {message(event_exit, {7, 7}), message(event_exec, {9, 9})})
    ASSERT_GT(::send(kernel.get(), sent.data(), sent.size(), 0), 0);
  std::vector<ProcessEvent> taken;
  EXPECT_TRUE(events->read([&](const ProcessEvent& event) { taken.push_back(event); }));
  EXPECT_THAT(taken, ElementsAre(ProcessEvent{Kind::changed, 9, 0}));
}

}  // namespace
}  // namespace holdfast::vrrp
