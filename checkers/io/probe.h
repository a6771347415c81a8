// One attempt of a check: the coroutines that talk to servers.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"

namespace holdfast::checkers {

/// What a probe needs.
struct ProbeTask {
  const Check& check;          ///< must live until the coroutine ends
  std::uint16_t sequence = 0;  ///< of pings
  bool recovering = false;     ///< the check is down: fast_recovery may apply
};

boost::asio::awaitable<Verdict> tcp_probe(ProbeTask task);
boost::asio::awaitable<Verdict> ping_probe(ProbeTask task);
boost::asio::awaitable<Verdict> http_probe(ProbeTask task);
boost::asio::awaitable<Verdict> grpc_probe(ProbeTask task);
boost::asio::awaitable<Verdict> smtp_probe(ProbeTask task);
boost::asio::awaitable<Verdict> dns_probe(ProbeTask task);
boost::asio::awaitable<Verdict> udp_probe(ProbeTask task);
boost::asio::awaitable<Verdict> talk_probe(ProbeTask task);
/// The one that fits the check.
boost::asio::awaitable<Verdict> probe(ProbeTask task);

}  // namespace holdfast::checkers
