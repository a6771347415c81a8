#include "checkers/io/probe.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

/// One for each kind of check that a coroutine performs.
struct Start {
  const ProbeTask& task;
  asio::awaitable<Verdict> operator()(const TcpCheck&) const { return tcp_probe(task); }
  asio::awaitable<Verdict> operator()(const PingCheck&) const { return ping_probe(task); }
  asio::awaitable<Verdict> operator()(const HttpCheck& check) const {
    return check.grpc_service ? grpc_probe(task) : http_probe(task);
  }
  asio::awaitable<Verdict> operator()(const SmtpCheck&) const { return smtp_probe(task); }
  asio::awaitable<Verdict> operator()(const DnsCheck&) const { return dns_probe(task); }
  asio::awaitable<Verdict> operator()(const UdpCheck&) const { return udp_probe(task); }
  asio::awaitable<Verdict> operator()(const TalkCheck&) const { return talk_probe(task); }
  template <typename Other>
  asio::awaitable<Verdict> operator()(const Other&) const {
    co_return Verdict::not_run("not supported yet");
  }
};

}  // namespace

asio::awaitable<Verdict> probe(ProbeTask task) { return std::visit(Start{task}, task.check.probe); }

}  // namespace holdfast::checkers
