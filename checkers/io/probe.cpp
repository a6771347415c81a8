#include "checkers/io/probe.h"

namespace holdfast::checkers {

namespace asio = boost::asio;

namespace {

/// One for each kind of check that a coroutine performs.
struct Start {
  ProbeTask& task;
  asio::awaitable<Verdict> operator()(const TcpCheck&) const { return tcp_probe(std::move(task)); }
  asio::awaitable<Verdict> operator()(const PingCheck&) const {
    return ping_probe(std::move(task));
  }
  asio::awaitable<Verdict> operator()(const HttpCheck& check) const {
    return check.grpc_service ? grpc_probe(std::move(task)) : http_probe(std::move(task));
  }
  asio::awaitable<Verdict> operator()(const SmtpCheck&) const {
    return smtp_probe(std::move(task));
  }
  asio::awaitable<Verdict> operator()(const DnsCheck&) const { return dns_probe(std::move(task)); }
  asio::awaitable<Verdict> operator()(const UdpCheck&) const { return udp_probe(std::move(task)); }
  asio::awaitable<Verdict> operator()(const TalkCheck&) const {
    return talk_probe(std::move(task));
  }
  template <typename Other>
  asio::awaitable<Verdict> operator()(const Other&) const {
    co_return Verdict::not_run("not supported yet");
  }
};

}  // namespace

asio::awaitable<Verdict> probe(ProbeTask task) { return std::visit(Start{task}, task.check.probe); }

}  // namespace holdfast::checkers
