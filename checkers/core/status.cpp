#include "checkers/core/status.h"

#include <fmt/chrono.h>

#include <ctime>

namespace holdfast::checkers {
namespace {

std::string time_text(TimePoint at, const Clocks& clocks) {
  const std::time_t wall = clocks.wall_time_of(at);
  std::tm parts{};
  if (::localtime_r(&wall, &parts) == nullptr) return "?";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", parts);
}

std::string check_text(const Check& check, const CheckState& state, const Clocks& clocks) {
  std::string text =
      fmt::format("    {}{} {}", check.keyword(), check.endpoint.path ? " (forwarding)" : "",
                  state.health.up ? "up" : "down");
  if (!state.health.judged) return text + ", not checked yet\n";
  if (const auto& decision = state.findings.decision())
    text += fmt::format(" since {}: {}", time_text(decision->at, clocks), decision->reason);
  if (const auto& last = state.findings.last(); last && last != state.findings.decision())
    text += fmt::format("; last {}: {}", time_text(last->at, clocks), last->reason);
  return text + "\n";
}

/// The lines below a server.
std::string statistics_text(const ServiceTraffic* traffic, const ipvs::DestinationKey& key) {
  if (traffic == nullptr) return "";
  const auto found = traffic->servers.find(key);
  if (found == traffic->servers.end()) return "    not in the kernel's table\n";
  return fmt::format("    {}\n    {}\n", to_string(found->second.traffic),
                     open_text(found->second));
}

}  // namespace

bool is_meant(std::string_view word, std::string_view name, const IpAddress& address,
              std::uint16_t port) {
  if (word == name || word == address.to_string()) return true;
  return word == fmt::format("[{}]:{}", address.to_string(), port) ||
         (address.is_v4() && word == fmt::format("{}:{}", address.to_string(), port));
}

std::string status_of(const ServiceView& view, const Clocks& clocks) {
  const Pool& pool = view.pool;
  const VirtualServer& service = pool.service();
  const ipvs::Protocol protocol = service.key.protocol;
  std::string text =
      fmt::format("{}: quorum {} {}, alive servers weigh {}\n", service.name, service.quorum,
                  pool.has_quorum() ? "is there" : "is lost", pool.alive_weight());
  if (view.traffic != nullptr) {
    text += fmt::format("  {}\n", to_string(view.traffic->total));
    for (const std::string& why : view.traffic->unknown) text += fmt::format("  without {}\n", why);
  }
  for (std::size_t i = 0; i < service.servers.size(); ++i) {
    const RealServer& server = service.servers[i];
    text += fmt::format("  {}: {}, weight {}\n", to_string(server.key, protocol), pool.state_of(i),
                        pool.weight_of(i));
    text += statistics_text(view.traffic, server.key);
    for (std::size_t check = 0; check < server.checks.size(); ++check)
      text += check_text(server.checks[check], view.checks[i][check], clocks);
  }
  for (const auto& [key, open] : pool.leaving())
    text += fmt::format("  {}: no longer configured, draining, {} connections\n{}",
                        to_string(key, protocol), open.active + open.inactive,
                        statistics_text(view.traffic, key));
  if (view.traffic != nullptr && service.sorry_server)
    text += fmt::format("  {}: sorry server\n{}", to_string(service.sorry_server->key, protocol),
                        statistics_text(view.traffic, service.sorry_server->key));
  if (view.mark) text += fmt::format("  its addresses have the firewall mark {}\n", *view.mark);
  if (view.suspended) text += "  checks rest: no address of the service is here\n";
  return text;
}

}  // namespace holdfast::checkers
