// UDP_CHECK and DNS_CHECK.
#include <random>

#include "checkers/core/dns.h"
#include "checkers/core/udp_rules.h"
#include "checkers/io/udp_exchange.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

asio::awaitable<Verdict> udp_probe(ProbeTask task) {
  const UdpCheck check = std::get<UdpCheck>(task.check.probe);
  const double limit = in_seconds(task.check.final_timing.connect_timeout);
  const Verdict silent =
      check.require_reply ? Verdict::failed("no reply after {} s", limit) : Verdict::passed();
  return udp_exchange(
      std::move(task), udp_payload(check),
      [check](Bytes reply) -> std::optional<Verdict> { return judge_udp(check, reply); }, silent);
}

asio::awaitable<Verdict> dns_probe(ProbeTask task) {
  const DnsCheck check = std::get<DnsCheck>(task.check.probe);
  const double limit = in_seconds(task.check.final_timing.connect_timeout);
  // Not to be guessed by whom the query does not pass. @source RFC 5452 4
  const auto id = static_cast<std::uint16_t>(std::random_device{}());
  return udp_exchange(
      std::move(task), dns_query(check, id),
      [check, id](Bytes reply) { return judge_dns(check, id, reply); },
      Verdict::failed("no answer after {} s", limit));
}

}  // namespace holdfast::checkers
