#include "checkers/io/udp_exchange.h"

#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/this_coro.hpp>
#include <cstring>

#include "checkers/io/socket.h"
#include "checkers/io/socket_options.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

/// @source RFC 768: the length field has 16 bits
constexpr std::size_t largest_reply = 65536;

void ask_for_errors(int socket, bool v6) {
  const int on = 1;
  ::setsockopt(socket, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on,
               sizeof on);
}

/// What the error queue says: the server cannot be reached; or nothing against it.
std::optional<Verdict> judge_errors(int socket) {
  for (;;) {
    std::array<char, 512> control{};
    msghdr header{};
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    if (::recvmsg(socket, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
    for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
      const bool v4 = at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_RECVERR;
      const bool v6 = at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_RECVERR;
      if (!v4 && !v6) continue;
      sock_extended_err error{};
      std::memcpy(&error, CMSG_DATA(at), sizeof error);
      const bool unreachable =
          (error.ee_origin == SO_EE_ORIGIN_ICMP && error.ee_type == ICMP_DEST_UNREACH) ||
          (error.ee_origin == SO_EE_ORIGIN_ICMP6 && error.ee_type == ICMP6_DST_UNREACH);
      if (unreachable)
        return Verdict::failed("ICMP: {}", ::strerrordesc_np(static_cast<int>(error.ee_errno)));
    }
  }
}

/// Nothing: the limit was over before.
asio::awaitable<std::optional<Verdict>> await_reply(Socket& socket, const JudgeReply& judge) {
  // One for all probes: a reply is judged before anything else runs.
  static thread_local std::array<std::byte, largest_reply> buffer;
  for (;;) {
    const auto [size, error] = co_await socket.receive_datagram(buffer);
    if (error == asio::error::operation_aborted) co_return std::nullopt;
    if (error) co_return judge_errors(socket.native_handle()).value_or(Verdict::passed());
    if (auto verdict = judge(std::span{buffer}.first(size))) co_return *verdict;
  }
}

}  // namespace

asio::awaitable<Verdict> udp_exchange(ProbeTask task, std::vector<std::byte> request,
                                      JudgeReply judge, Verdict silent) {
  const auto executor = co_await asio::this_coro::executor;
  const Endpoint& endpoint = task.check.endpoint;
  Socket socket{executor};
  if (auto refused = socket.open(endpoint, SOCK_DGRAM, 0, true)) co_return *refused;
  ask_for_errors(socket.native_handle(), endpoint.connect_ip->is_v6());
  if (const auto error = co_await socket.connect(endpoint)) co_return failure("connect", error);
  Limit limit{socket, PollSet::of(executor)};
  limit.start(task.check.final_timing.connect_timeout);
  const auto* const bytes = reinterpret_cast<const char*>(request.data());
  if (const auto unsent = co_await socket.send({bytes, request.size()}); unsent && !limit.is_over())
    co_return failure("send", unsent);
  const auto outcome = co_await await_reply(socket, judge);
  co_return outcome.value_or(silent);
}

}  // namespace holdfast::checkers
