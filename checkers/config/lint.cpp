#include "checkers/config/lint.h"

#include <algorithm>
#include <set>

namespace holdfast::checkers {
namespace {

using config::Advice;
using config::Machine;

class Lint {
 public:
  Lint(const CheckersConfig& config, const Machine& machine) : config_{config}, machine_{machine} {}

  std::vector<Advice> run() {
    for (const VirtualServer& service : config_.services) {
      check_servers(service);
      check_quorum(service);
      check_mail(service);
    }
    check_idle_timeouts();
    return std::move(advice_);
  }

 private:
  template <typename... Args>
  void say(std::string_view id, config::Place place, fmt::format_string<Args...> text,
           Args&&... args) {
    advice_.push_back({id, place, fmt::format(text, std::forward<Args>(args)...)});
  }

  void check_servers(const VirtualServer& service) {
    const std::string name = service.name;
    std::size_t watched = 0;
    for (const RealServer& server : service.servers) {
      watched += server.checks.empty() ? 0 : 1;
      if (server.checks.empty())
        say("server-unchecked", server.place, "no check watches {}: it stays in {} when it is dead",
            to_string(server.key, service.key.protocol), name);
      for (const Check& check : server.checks)
        if (check.final_timing.connect_timeout > check.final_timing.delay_loop)
          say("check-slower-than-interval", check.place,
              "{} may take {} s and is made every {} s: a server that hangs is noticed late",
              check.keyword(), in_seconds(check.final_timing.connect_timeout),
              in_seconds(check.final_timing.delay_loop));
    }
    if (watched > 0 && std::ranges::all_of(service.servers, [](const RealServer& server) {
          return server.settings.weight == 0;
        }))
      say("weights-zero", service.place,
          "every real_server of {} has weight 0: none gets a "
          "connection",
          name);
  }

  void check_mail(const VirtualServer& service) {
    const config::AlertDefs& alerts = config_.globals.alerts;
    // Those of real_server are on wherever nobody says otherwise.
    const bool wanted = alerts.for_checkers(service.smtp_alert, false) ||
                        std::ranges::any_of(service.servers, [&](const RealServer& server) {
                          return alerts.for_checkers(server.smtp_alert, false);
                        });
    if (wanted && !alerts.can_send())
      say("mail-goes-nowhere", service.place,
          "changes of {} or its servers are to be mailed, and none is: global_defs has no {}",
          service.name, alerts.server.empty() ? "smtp_server" : "notification_email");
  }

  void check_quorum(const VirtualServer& service) {
    std::uint64_t weight = 0;
    for (const RealServer& server : service.servers) weight += server.settings.weight;
    // A quorum that cannot be met at all is a warning of the configuration itself.
    if (service.quorum + service.hysteresis > weight)
      say("quorum-never-regained", service.place,
          "once lost, the quorum of {} needs a weight of {} ({} + hysteresis {}) to come back, and "
          "all servers together weigh {}",
          service.name, service.quorum + service.hysteresis, service.quorum, service.hysteresis,
          weight);
  }

  /// One finding for all services: the times are the machine's.
  void check_idle_timeouts() {
    const auto first = std::ranges::find_if(config_.services, [](const VirtualServer& service) {
      return service.key.protocol == ipvs::Protocol::tcp;
    });
    if (first == config_.services.end() || !machine_.tcp_keepalive_time) return;
    const Duration keepalive = *machine_.tcp_keepalive_time;
    if (keepalive > default_ipvs_tcp_timeout)
      say("idle-timeout", first->place,
          "IPVS forgets a TCP connection that is idle for {} s, and net.ipv4.tcp_keepalive_time "
          "says "
          "nothing before {} s: long-lived idle connections are cut in the middle; set the sysctl "
          "below {} s on clients and servers, or raise the timeout (ipvsadm --set)",
          in_seconds(default_ipvs_tcp_timeout), in_seconds(keepalive),
          in_seconds(default_ipvs_tcp_timeout));
    if (machine_.conntrack_established && keepalive > *machine_.conntrack_established)
      say("idle-timeout", first->place,
          "connection tracking forgets a TCP connection that is idle for {} s "
          "(nf_conntrack_tcp_timeout_established), before net.ipv4.tcp_keepalive_time of {} s",
          in_seconds(*machine_.conntrack_established), in_seconds(keepalive));
  }

  const CheckersConfig& config_;
  const Machine& machine_;
  std::vector<Advice> advice_;
};

}  // namespace

std::vector<Advice> lint(const CheckersConfig& config, const Machine& machine) {
  return Lint{config, machine}.run();
}

}  // namespace holdfast::checkers
