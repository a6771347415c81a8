// One datagram to a server and its reply: what UDP_CHECK and DNS_CHECK have in common.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "checkers/io/probe.h"
#include "daemon/base/bytes.h"

namespace holdfast::checkers {

/// Nothing: that was not the reply.
using JudgeReply = std::function<std::optional<Verdict>(Bytes)>;

/// An ICMP message that the server cannot be reached is a failure; other ones are as good as a
/// reply that cannot be judged (runtime.md 16.7).
/// @param silent the verdict when nothing comes within connect_timeout
boost::asio::awaitable<Verdict> udp_exchange(ProbeTask task, std::vector<std::byte> request,
                                             JudgeReply judge, Verdict silent);

}  // namespace holdfast::checkers
