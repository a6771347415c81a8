// Completion of a service: inheritance, defaults, and the rules that look at it as a whole
// (runtime.md sections 15 and 16.1 of the reference).
#include <algorithm>
#include <array>
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

/// What counts where nobody says (runtime.md 16.1).
FinalTiming default_timing(const Check& check) {
  FinalTiming timing;
  if (std::holds_alternative<HttpCheck>(check.probe)) timing.delay_before_retry = seconds{3};
  if (std::holds_alternative<MiscCheck>(check.probe) ||
      std::holds_alternative<FileCheck>(check.probe) ||
      std::holds_alternative<BfdCheck>(check.probe))
    timing.retry = 0;
  if (std::holds_alternative<DnsCheck>(check.probe)) timing.retry = 3;
  // What an agent says is no accident.
  if (is_agent(check)) timing.retry = 0;
  return timing;
}

/// Asked again and again; else a result is a change, and none comes that could be waited for.
bool is_probed(const Check& check) {
  return !std::holds_alternative<FileCheck>(check.probe) &&
         !std::holds_alternative<BfdCheck>(check.probe);
}

/// @param levels the nearest one last
void settle_counts(FinalTiming& out, std::initializer_list<const Timing*> levels) {
  for (const Timing* timing : levels) {
    if (timing->fall)  // of one block it counts, whatever its retry says
      out.retry = *timing->fall - 1;
    else if (timing->retry)
      out.retry = *timing->retry;
    if (timing->rise) out.rise = *timing->rise;
  }
}

FinalTiming decide(const Check& check, const Timing& server, const Timing& service) {
  FinalTiming out = default_timing(check);
  const auto pick = [&](auto member, auto fallback) {
    return first_of(check.timing.*member, server.*member, service.*member,
                    decltype(fallback){fallback});
  };
  out.delay_loop = pick(&Timing::delay_loop, out.delay_loop);
  if (is_probed(check)) settle_counts(out, {&service, &server, &check.timing});
  if (std::holds_alternative<DnsCheck>(check.probe)) out.delay_before_retry = out.delay_loop;
  out.delay_before_retry = pick(&Timing::delay_before_retry, out.delay_before_retry);
  out.connect_timeout = pick(&Timing::connect_timeout, out.connect_timeout);
  out.warmup = pick(&Timing::warmup, out.delay_loop);
  out.alpha = pick(&Timing::alpha, false);
  return out;
}

/// A probe that connects to an address, with or without a port.
bool has_target(const Check& check) {
  return !std::holds_alternative<MiscCheck>(check.probe) &&
         !std::holds_alternative<FileCheck>(check.probe) &&
         !std::holds_alternative<BfdCheck>(check.probe);
}

/// Checks that cannot be used are reported and left out.
void complete_checks(RealServer& server, const VirtualServer& service,
                     const config::GlobalDefs& globals, Reader& reader) {
  std::erase_if(server.checks, [&](const Check& check) { return !has_required(check, reader); });
  for (Check& check : server.checks) {
    check.final_timing = decide(check, server.timing, service.timing);
    check.log_failures = check.log_all_failures.value_or(globals.checker_log_all_failures);
    if (auto* misc = std::get_if<MiscCheck>(&check.probe); misc != nullptr && !misc->timeout)
      misc->timeout = check.final_timing.delay_loop;
    if (!has_target(check)) continue;
    settle_path(check, server, service, reader);
    if (!check.endpoint.connect_ip) check.endpoint.connect_ip = server.key.address;
    if (!check.endpoint.connect_port && server.key.port != 0)
      check.endpoint.connect_port = server.key.port;
    if (auto* http = std::get_if<HttpCheck>(&check.probe);
        http != nullptr && http->virtualhost.empty())
      http->virtualhost = server.virtualhost.empty() ? service.virtualhost : server.virtualhost;
  }
}

/// Some key of the service is of the server's family.
bool fits_family(const RealServer& server, const VirtualServer& service) {
  return std::ranges::any_of(service.keys, [&](const ipvs::ServiceKey& key) {
    return key.address.family() == server.key.address.family();
  });
}

bool complete_server(RealServer& server, const VirtualServer& service,
                     const config::GlobalDefs& globals, Reader& reader) {
  const Forwarding forwarding = server.forwarding.value_or(*service.forwarding);
  if (!fits_family(server, service) && forwarding != Forwarding::tunnel) {
    reader.warn(server.place,
                fmt::format("real_server {} and its virtual_server {} are of different "
                            "address families; it is left out",
                            server.key.address.to_string(),
                            service.group.empty() && service.key.fwmark == 0
                                ? service.key.address.to_string()
                                : service.name));
    return false;
  }
  if (server.key.port == 0) server.key.port = service.key.port;
  if (forwarding != Forwarding::masquerade && service.has_port() &&
      server.key.port != service.key.port) {
    reader.warn(server.place,
                fmt::format("real_server {}: DR and TUN keep the port, so it is {} and not {}",
                            server.key.address.to_string(), service.key.port, server.key.port));
    server.key.port = service.key.port;
  }
  server.settings = {forwarding, server.weight.value_or(service.default_weight),
                     server.upper_threshold, server.lower_threshold,
                     server.forwarding ? server.tunnel : service.tunnel};
  server.inhibit = server.inhibit_on_failure.value_or(service.inhibit_on_failure);
  server.alpha = server.timing.alpha.value_or(service.timing.alpha.value_or(false));
  const config::AlertDefs& alerts = globals.alerts;
  server.alert = alerts.can_send() && alerts.for_checkers(server.smtp_alert, true);
  server.alert_each_check = !alerts.no_checker_emails;
  complete_checks(server, service, globals, reader);
  for (const Check& check : server.checks)
    if (has_target(check) && !check.endpoint.connect_port &&
        !std::holds_alternative<PingCheck>(check.probe)) {
      reader.error(check.place,
                   fmt::format("{} needs connect_port, since neither server nor service has a port",
                               check.keyword()));
      return false;
    }
  return true;
}

/// keepalived wants the scheduler's line first; here the order does not matter.
void settle_scheduler_flags(VirtualServer& service, Reader& reader) {
  const auto settle = [&](std::string_view scheduler, std::uint32_t flags) {
    if (service.scheduler == scheduler)
      service.flags |= flags;
    else if (flags != 0)
      reader.warn(service.place,
                  fmt::format("virtual_server {}: {}-port and {}-fallback are for lb_algo {}; they "
                              "are ignored",
                              service.name, scheduler, scheduler, scheduler));
  };
  settle("sh", service.sh_flags);
  settle("mh", service.mh_flags);
}

void settle_required(VirtualServer& service, Reader& reader) {
  const std::string name = service.name;
  if (!service.has_protocol &&
      service.key.fwmark == 0) {  // keepalived's default, which hardly anybody means
    reader.warn(service.place,
                fmt::format("virtual_server {} has no valid protocol; UDP is used", name));
    service.key.protocol = ipvs::Protocol::udp;
  }
  if (!service.scheduler) {
    reader.warn(service.place,
                fmt::format("virtual_server {} has no valid lb_algo; wlc is used", name));
    service.scheduler = "wlc";
  }
  if (!service.forwarding) {
    const bool servers_say = !service.servers.empty() &&
                             std::ranges::all_of(service.servers, [](const RealServer& server) {
                               return server.forwarding.has_value();
                             });
    if (!servers_say)
      reader.warn(service.place,
                  fmt::format("virtual_server {} has no valid lb_kind; NAT is used", name));
    service.forwarding = Forwarding::masquerade;
  }
  settle_scheduler_flags(service, reader);
  if ((service.flags & ipvs::service_flag::one_packet) != 0 &&
      service.key.protocol != ipvs::Protocol::udp && service.key.fwmark == 0) {
    reader.warn(service.place,
                fmt::format("virtual_server {}: ops is for UDP only; it is ignored", name));
    service.flags &= ~ipvs::service_flag::one_packet;
  }
  if (service.ha_suspend && std::ranges::all_of(service.keys, [](const ipvs::ServiceKey& key) {
        return key.fwmark != 0;
      })) {
    reader.warn(service.place, fmt::format("virtual_server {}: ha_suspend goes by the address, and "
                                           "there is none; it is ignored",
                                           name));
    service.ha_suspend = false;
  }
  const bool every_port = std::ranges::any_of(
      service.keys, [](const ipvs::ServiceKey& key) { return key.fwmark == 0 && key.port == 0; });
  if (every_port && !service.persistence_timeout) {
    reader.warn(service.place,
                fmt::format("virtual_server {}: port 0 needs persistence; 360 s are used", name));
    service.persistence_timeout = 360;
  }
}

void settle_quorum(VirtualServer& service, Reader& reader) {
  const auto total = std::accumulate(
      service.servers.begin(), service.servers.end(), std::uint64_t{0},
      [](std::uint64_t sum, const RealServer& server) { return sum + server.settings.weight; });
  const std::string name = service.name;
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
  if (sorry.key.port == 0 || (forwarding != Forwarding::masquerade && service.has_port()))
    sorry.key.port = service.key.port;
  sorry.inhibit = service.sorry_inhibit;
  sorry.settings = {forwarding, 1, 0, 0,
                    service.sorry_forwarding ? service.sorry_tunnel : service.tunnel};
}

}  // namespace

bool complete(VirtualServer& service, const CheckersConfig& config, Reader& reader) {
  const config::GlobalDefs& globals = config.globals;
  if (!settle_keys(service, config, reader)) return false;
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
    reader.warn(service.place,
                fmt::format("virtual_server {} has no real_server; it is left out", service.name));
    return false;
  }
  settle_quorum(service, reader);
  settle_sorry_server(service);
  service.alert =
      globals.alerts.can_send() && globals.alerts.for_checkers(service.smtp_alert, false);
  service.settings.scheduler = *service.scheduler;
  service.settings.flags = service.flags;
  service.settings.prefix = service.persistence_prefix.value_or(128);
  if (service.persistence_timeout) {
    service.settings.flags |= ipvs::service_flag::persistent;
    service.settings.timeout = *service.persistence_timeout;
    service.settings.persistence_engine = service.persistence_engine;
  }
  return true;
}

namespace {

std::string_view keyword_of(const TalkCheck& check) {
  static constexpr std::array<std::string_view, std::variant_size_v<decltype(check.talk)>> keywords{
      "DIALOGUE_CHECK", "REDIS_CHECK", "POSTGRESQL_CHECK",
      "MYSQL_CHECK",    "LDAP_CHECK",  "AGENT_CHECK"};
  return keywords.at(check.talk.index());
}

}  // namespace

std::string_view Check::keyword() const {
  if (const auto* talk = std::get_if<TalkCheck>(&probe)) return keyword_of(*talk);
  static constexpr std::array<std::string_view, std::variant_size_v<decltype(probe)>> keywords{
      "TCP_CHECK", "PING_CHECK", "HTTP_GET",   "SMTP_CHECK", "DNS_CHECK",
      "UDP_CHECK", "MISC_CHECK", "FILE_CHECK", "BFD_CHECK",  ""};
  if (const auto* http = std::get_if<HttpCheck>(&probe); http != nullptr)
    return http->grpc_service ? "GRPC_CHECK" : http->tls ? "SSL_GET" : "HTTP_GET";
  return keywords.at(probe.index());
}

namespace {

struct IdentityOf {
  std::string operator()(const HttpCheck& http) const {
    std::string text = http.grpc_service
                           ? fmt::format(" {} {}", http.tls ? "tls" : "clear", *http.grpc_service)
                           : "";
    for (const HttpUrl& url : http.urls)
      text += fmt::format("{}{} {}{}", url.method == "GET" ? "" : " ",
                          url.method == "GET" ? "" : url.method, url.virtualhost, url.path);
    return text;
  }
  std::string operator()(const DnsCheck& dns) const {
    return fmt::format(" {} {}", static_cast<unsigned>(dns.type), dns.name);
  }
  std::string operator()(const MiscCheck& misc) const { return " " + misc.command; }
  std::string operator()(const FileCheck& file) const { return " " + file.file; }
  std::string operator()(const BfdCheck& bfd) const { return " " + bfd.name; }
  /// What is expected tells dialogues apart; what is sent may be secret.
  std::string operator()(const TalkCheck& check) const {
    std::string text;
    if (const auto* dialogue = std::get_if<DialogueCheck>(&check.talk))
      for (const DialogueStep& step : dialogue->steps)
        if (step.kind == DialogueStep::Kind::expect) text += " " + step.text;
    return text.substr(0, 200);
  }
  template <typename Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

}  // namespace

std::string Check::identity() const {
  return fmt::format("{} {}:{}{}", keyword(),
                     endpoint.connect_ip ? endpoint.connect_ip->to_string() : "-",
                     endpoint.connect_port.value_or(0),
                     endpoint.path ? " through " + endpoint.path->server.address.to_string() : "") +
         std::visit(IdentityOf{}, probe);
}

bool Check::same_probe(const Check& other) const {
  return probe == other.probe && endpoint == other.endpoint && final_timing == other.final_timing;
}

bool Check::same_effect(const Check& other) const {
  return same_probe(other) && log_failures == other.log_failures;
}

}  // namespace holdfast::checkers
