// Completion of a service: inheritance, defaults, and the rules that look at it as a whole
// (runtime.md sections 15 and 16.1 of the reference).
#include <algorithm>
#include <numeric>
#include <set>

#include "checkers/config/schema.h"

namespace holdfast::checkers {
namespace {

using config::Reader;
using ipvs::Forwarding;
using std::chrono::seconds;

template <typename T>
T first_of(const std::optional<T>& a, const std::optional<T>& b, const std::optional<T>& c,
           T last) {
  return a ? *a : b ? *b : c ? *c : last;
}

FinalTiming decide(const Timing& check, const Timing& server, const Timing& service, bool is_http) {
  FinalTiming out;
  const auto pick = [&](auto member, auto fallback) {
    return first_of(check.*member, server.*member, service.*member, decltype(fallback){fallback});
  };
  out.delay_loop = pick(&Timing::delay_loop, Duration{seconds{60}});
  out.retry = pick(&Timing::retry, std::uint32_t{1});
  out.delay_before_retry = pick(&Timing::delay_before_retry, Duration{seconds{is_http ? 3 : 1}});
  out.connect_timeout = pick(&Timing::connect_timeout, Duration{seconds{5}});
  out.warmup = pick(&Timing::warmup, out.delay_loop);
  out.alpha = pick(&Timing::alpha, false);
  return out;
}

void complete_checks(RealServer& server, const VirtualServer& service,
                     const config::GlobalDefs& globals) {
  for (Check& check : server.checks) {
    auto* http = std::get_if<HttpCheck>(&check.probe);
    check.final_timing = decide(check.timing, server.timing, service.timing, http != nullptr);
    check.log_failures = check.log_all_failures.value_or(globals.checker_log_all_failures);
    if (!check.endpoint.connect_ip) check.endpoint.connect_ip = server.key.address;
    if (!check.endpoint.connect_port && server.key.port != 0)
      check.endpoint.connect_port = server.key.port;
    if (http != nullptr && http->virtualhost.empty())
      http->virtualhost = server.virtualhost.empty() ? service.virtualhost : server.virtualhost;
  }
}

bool complete_server(RealServer& server, const VirtualServer& service,
                     const config::GlobalDefs& globals, Reader& reader) {
  const Forwarding forwarding = server.forwarding.value_or(*service.forwarding);
  if (server.key.address.family() != service.key.address.family() &&
      forwarding != Forwarding::tunnel) {
    reader.warn(server.place,
                fmt::format("real_server {} and its virtual_server {} are of different "
                            "address families; it is left out",
                            server.key.address.to_string(), service.key.address.to_string()));
    return false;
  }
  if (server.key.port == 0) server.key.port = service.key.port;
  if (forwarding != Forwarding::masquerade && server.key.port != service.key.port) {
    reader.warn(server.place,
                fmt::format("real_server {}: DR and TUN keep the port, so it is {} and not {}",
                            server.key.address.to_string(), service.key.port, server.key.port));
    server.key.port = service.key.port;
  }
  server.settings = {forwarding, server.weight.value_or(service.default_weight),
                     server.upper_threshold, server.lower_threshold};
  server.inhibit = server.inhibit_on_failure.value_or(service.inhibit_on_failure);
  server.alpha = server.timing.alpha.value_or(service.timing.alpha.value_or(false));
  complete_checks(server, service, globals);
  for (const Check& check : server.checks)
    if (!check.endpoint.connect_port && !std::holds_alternative<PingCheck>(check.probe)) {
      reader.error(check.place,
                   fmt::format("{} needs connect_port, since neither server nor service has a port",
                               check.keyword()));
      return false;
    }
  return true;
}

void settle_required(VirtualServer& service, Reader& reader) {
  const std::string name = to_string(service.key);
  if (!service.has_protocol) {  // keepalived's default, which hardly anybody means
    reader.warn(service.place, fmt::format("virtual_server {} has no protocol; UDP is used", name));
    service.key.protocol = ipvs::Protocol::udp;
  }
  if (!service.scheduler) {
    reader.warn(service.place, fmt::format("virtual_server {} has no lb_algo; wlc is used", name));
    service.scheduler = "wlc";
  }
  if (!service.forwarding) {
    const bool servers_say = !service.servers.empty() &&
                             std::ranges::all_of(service.servers, [](const RealServer& server) {
                               return server.forwarding.has_value();
                             });
    if (!servers_say)
      reader.warn(service.place,
                  fmt::format("virtual_server {} has no lb_kind; NAT is used", name));
    service.forwarding = Forwarding::masquerade;
  }
  if ((service.flags & ipvs::service_flag::one_packet) != 0 &&
      service.key.protocol != ipvs::Protocol::udp) {
    reader.warn(service.place,
                fmt::format("virtual_server {}: ops is for UDP only; it is ignored", name));
    service.flags &= ~ipvs::service_flag::one_packet;
  }
  if (service.key.port == 0 && !service.persistence_timeout) {
    reader.warn(service.place,
                fmt::format("virtual_server {}: port 0 needs persistence; 360 s are used", name));
    service.persistence_timeout = 360;
  }
}

void settle_quorum(VirtualServer& service, Reader& reader) {
  const auto total = std::accumulate(
      service.servers.begin(), service.servers.end(), std::uint64_t{0},
      [](std::uint64_t sum, const RealServer& server) { return sum + server.settings.weight; });
  const std::string name = to_string(service.key);
  if (service.quorum > total && total > 0) {
    reader.warn(service.place,
                fmt::format("virtual_server {}: quorum {} is more than all servers weigh; "
                            "{} is used",
                            name, service.quorum, total));
    service.quorum = static_cast<std::uint32_t>(total);
  }
  if (service.hysteresis >= service.quorum && service.hysteresis > 0) {
    reader.warn(service.place,
                fmt::format("virtual_server {}: hysteresis must be below quorum {}; {} is used",
                            name, service.quorum, service.quorum - 1));
    service.hysteresis = service.quorum - 1;
  }
}

void settle_sorry_server(VirtualServer& service) {
  if (!service.sorry_server) return;
  SorryServer& sorry = *service.sorry_server;
  const Forwarding forwarding = service.sorry_forwarding.value_or(*service.forwarding);
  if (sorry.key.port == 0 || forwarding != Forwarding::masquerade)
    sorry.key.port = service.key.port;
  sorry.inhibit = service.sorry_inhibit;
  sorry.settings = {forwarding, 1, 0, 0};
}

}  // namespace

bool complete(VirtualServer& service, const config::GlobalDefs& globals, Reader& reader) {
  settle_required(service, reader);
  std::erase_if(service.servers, [&](RealServer& server) {
    return !complete_server(server, service, globals, reader);
  });
  std::set<ipvs::DestinationKey> seen;
  std::erase_if(service.servers, [&](const RealServer& server) {
    if (seen.insert(server.key).second) return false;
    reader.warn(server.place,
                fmt::format("real_server {} is listed twice; the second one is left out",
                            to_string(server.key, service.key.protocol)));
    return true;
  });
  if (service.servers.empty()) {
    reader.warn(service.place, fmt::format("virtual_server {} has no real_server; it is left out",
                                           to_string(service.key)));
    return false;
  }
  settle_quorum(service, reader);
  settle_sorry_server(service);
  service.settings.scheduler = *service.scheduler;
  service.settings.flags = service.flags;
  service.settings.prefix = service.persistence_prefix.value_or(service.key.address.bits());
  if (service.persistence_timeout) {
    service.settings.flags |= ipvs::service_flag::persistent;
    service.settings.timeout = *service.persistence_timeout;
  }
  return true;
}

std::string_view Check::keyword() const {
  switch (probe.index()) {
    case 0:
      return "TCP_CHECK";
    case 1:
      return "PING_CHECK";
    default:
      return "HTTP_GET";
  }
}

std::string Check::identity() const {
  std::string text = fmt::format("{} {}:{}", keyword(),
                                 endpoint.connect_ip ? endpoint.connect_ip->to_string() : "-",
                                 endpoint.connect_port.value_or(0));
  if (const auto* http = std::get_if<HttpCheck>(&probe))
    for (const HttpUrl& url : http->urls) text += fmt::format(" {}{}", url.virtualhost, url.path);
  return text;
}

bool Check::same_effect(const Check& other) const {
  return probe == other.probe && endpoint == other.endpoint && final_timing == other.final_timing &&
         log_failures == other.log_failures;
}

}  // namespace holdfast::checkers
