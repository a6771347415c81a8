#include "vrrp/linux/process_events.h"

#include <arpa/inet.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace holdfast::vrrp {
namespace {

/// @source linux/cn_proc.h; an enumeration inside proc_event in some versions, outside in others
constexpr std::uint32_t event_fork = 0x1, event_exec = 0x2, event_comm = 0x200,
                        event_exit = 0x8000'0000;
/// Where the parts of a message begin. @source linux/connector.h, linux/cn_proc.h
constexpr std::size_t event_at = NLMSG_HDRLEN + sizeof(cn_msg);
constexpr std::size_t what_at = event_at + offsetof(proc_event, what);
constexpr std::size_t data_at = event_at + offsetof(proc_event, event_data);
/// exec, comm and exit begin with the thread and its process; fork has those of the parent first.
constexpr std::size_t thread_at = data_at;
constexpr std::size_t process_at = data_at + 4;
constexpr std::size_t child_thread_at = data_at + 8;
constexpr std::size_t child_process_at = data_at + 12;

template <typename Number>
std::optional<Number> number_at(std::span<const std::byte> message, std::size_t at) {
  if (message.size() < at + sizeof(Number)) return std::nullopt;
  Number value{};
  std::memcpy(&value, message.data() + at, sizeof value);
  return value;
}

sock_filter load(std::size_t at) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(at)};
}
/// Compares with a number of the host's order: the loads are in network order.
sock_filter is(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return {BPF_JMP | BPF_JEQ | BPF_K, yes, no, htonl(value)};
}
constexpr sock_filter pass{BPF_RET | BPF_K, 0, 0, ~0U};
constexpr sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
constexpr sock_filter remember{BPF_MISC | BPF_TAX, 0, 0, 0};
/// One further where the two are equal, else two.
constexpr sock_filter is_remembered{BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0};

}  // namespace

std::optional<ProcessEvent> parse_process_event(std::span<const std::byte> message) {
  using Kind = ProcessEvent::Kind;
  const auto what = number_at<std::uint32_t>(message, what_at);
  const auto thread = number_at<ProcessId>(message, thread_at);
  const auto process = number_at<ProcessId>(message, process_at);
  if (!what || !thread || !process) return std::nullopt;
  switch (*what) {
    case event_fork: {
      const auto child_thread = number_at<ProcessId>(message, child_thread_at);
      const auto child = number_at<ProcessId>(message, child_process_at);
      if (!child || child_thread != child) return std::nullopt;
      return ProcessEvent{Kind::forked, *child, *process};
    }
    case event_exec:
      return ProcessEvent{Kind::changed, *process, 0};
    case event_comm:
      if (thread != process) return std::nullopt;
      return ProcessEvent{Kind::changed, *process, 0};
    case event_exit:
      if (thread != process) return std::nullopt;
      return ProcessEvent{Kind::ended, *process, 0};
    default:
      return std::nullopt;
  }
}

std::vector<sock_filter> process_filter(std::span<const ProcessId> counted) {
  std::vector<sock_filter> program{
      load(what_at),
      is(event_exec, 0, 1),
      pass,
      is(event_comm, 0, 6),
      load(thread_at),
      remember,
      load(process_at),
      is_remembered,
      pass,
      drop,
      is(event_exit, 0, 6),
      load(thread_at),
      remember,
      load(process_at),
      is_remembered,
      {BPF_JMP | BPF_JA, 0, 0, 9},
      drop,
      is(event_fork, 0, 6),
      load(child_thread_at),
      remember,
      load(child_process_at),
      is_remembered,
      pass,
      drop,
      drop,
      // The process that ended: is it one of those?
      load(process_at),
  };
  if (counted.size() > most_filtered) {
    program.push_back(pass);
    return program;
  }
  for (const ProcessId pid : counted) {
    program.push_back(is(static_cast<std::uint32_t>(pid), 0, 1));
    program.push_back(pass);
  }
  program.push_back(drop);
  return program;
}

Result<ProcessEvents> ProcessEvents::open(Fd socket) {
  ProcessEvents events{std::move(socket)};
  // Nothing is counted yet, and whoever is counted from now on is looked at (ProcessWatch).
  if (auto filtered = events.filter({}); !filtered) return tl::make_unexpected(filtered.error());
  if (auto asked = events.ask(PROC_CN_MCAST_LISTEN); !asked)
    return tl::make_unexpected(asked.error());
  return events;
}

ProcessEvents::~ProcessEvents() {
  // Older kernels count listeners, and go on telling when there is none.
  if (socket_) static_cast<void>(ask(PROC_CN_MCAST_IGNORE));
}

Result<void> ProcessEvents::ask(std::uint32_t operation) const {
  std::array<std::byte, event_at + sizeof operation> request{};
  nlmsghdr header{};
  header.nlmsg_len = request.size();
  header.nlmsg_type = NLMSG_DONE;
  cn_msg message{};
  message.id = {CN_IDX_PROC, CN_VAL_PROC};
  message.len = sizeof operation;
  std::memcpy(request.data(), &header, sizeof header);
  std::memcpy(request.data() + NLMSG_HDRLEN, &message, sizeof message);
  std::memcpy(request.data() + event_at, &operation, sizeof operation);
  if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
    return fail_errno(errno, "the kernel's process connector cannot be used here");
  return {};
}

bool ProcessEvents::read(const std::function<void(const ProcessEvent&)>& take) {
  alignas(nlmsghdr) std::array<std::byte, 4096> buffer;
  bool complete = true;
  for (;;) {
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == ENOBUFS) {
      complete = false;
      continue;
    }
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return complete;
    const auto message = std::span{buffer}.first(static_cast<std::size_t>(size));
    if (const auto event = parse_process_event(message)) take(*event);
  }
}

Result<void> ProcessEvents::filter(std::span<const ProcessId> counted) {
  auto program = process_filter(counted);
  const sock_fprog attached{static_cast<unsigned short>(program.size()), program.data()};
  if (::setsockopt(socket_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0)
    return fail_errno(errno, "cannot filter process events");
  return {};
}

void ProcessEvents::enlarge() {
  int size = 0;
  socklen_t length = sizeof size;
  // The kernel reports twice what was asked for, and doubles what is asked for.
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &size, &length) != 0) return;
  constexpr int most = 64 * 1024 * 1024;
  size = std::min(size, most);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
}

}  // namespace holdfast::vrrp
