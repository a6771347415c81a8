#include "checkers/core/status.h"

#include <fmt/chrono.h>

#include <ctime>

namespace holdfast::checkers {
namespace {

std::string time_text(TimePoint at, const Clocks& clocks) {
  // Rounded once: the same time is shown for it whenever it is asked for.
  const std::time_t wall = std::chrono::system_clock::to_time_t(
      clocks.wall -
      std::chrono::duration_cast<std::chrono::system_clock::duration>(clocks.now - at));
  std::tm parts{};
  if (::localtime_r(&wall, &parts) == nullptr) return "?";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", parts);
}

std::string check_text(const Check& check, const CheckState& state, const Clocks& clocks) {
  std::string text = fmt::format("    {} {}", check.keyword(), state.health.up ? "up" : "down");
  if (!state.health.judged) return text + ", not checked yet\n";
  if (const auto& decision = state.findings.decision())
    text += fmt::format(" since {}: {}", time_text(decision->at, clocks), decision->reason);
  if (const auto& last = state.findings.last(); last && last != state.findings.decision())
    text += fmt::format("; last {}: {}", time_text(last->at, clocks), last->reason);
  return text + "\n";
}

}  // namespace

bool is_meant(std::string_view word, std::string_view name, const IpAddress& address,
              std::uint16_t port) {
  if (word == name || word == address.to_string()) return true;
  return word == fmt::format("[{}]:{}", address.to_string(), port) ||
         (address.is_v4() && word == fmt::format("{}:{}", address.to_string(), port));
}

std::string status_of(const Pool& pool, const std::vector<std::vector<CheckState>>& checks,
                      const Clocks& clocks) {
  const VirtualServer& service = pool.service();
  std::string text =
      fmt::format("{}: quorum {} {}, alive servers weigh {}\n", service.name, service.quorum,
                  pool.has_quorum() ? "is there" : "is lost", pool.alive_weight());
  for (std::size_t i = 0; i < service.servers.size(); ++i) {
    const RealServer& server = service.servers[i];
    text += fmt::format("  {}: {}, weight {}\n", to_string(server.key, service.key.protocol),
                        pool.state_of(i), pool.weight_of(i));
    for (std::size_t check = 0; check < server.checks.size(); ++check)
      text += check_text(server.checks[check], checks[i][check], clocks);
  }
  for (const std::string& line : pool.leaving()) text += fmt::format("  {}\n", line);
  return text;
}

}  // namespace holdfast::checkers
