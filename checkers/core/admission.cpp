#include "checkers/core/admission.h"

#include <algorithm>

namespace holdfast::checkers {

Admission admit(std::span<const Candidate> servers, const Limits& limits) {
  Admission result;
  std::vector<std::size_t> failing;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const Candidate& server = servers[i];
    const bool normal = server.mode == Mode::normal;
    result.in_use.push_back(normal && server.alive);
    if (!normal || !(server.alive || server.was_in)) continue;
    ++result.counted;
    if (server.alive)
      ++result.alive;
    else
      failing.push_back(i);
  }
  result.panic = result.alive * 100 < result.counted * limits.panic_threshold;
  std::size_t ejected = failing.size();
  if (limits.max_ejected > 0)
    ejected =
        std::min(ejected, std::max<std::size_t>(1, result.counted * limits.max_ejected / 100));
  if (result.panic) ejected = 0;
  std::ranges::stable_sort(failing, {}, [&](std::size_t i) { return servers[i].down_since; });
  for (std::size_t i = ejected; i < failing.size(); ++i) result.in_use[failing[i]] = true;
  return result;
}

std::uint32_t ramped(std::uint32_t full, Duration elapsed, Duration duration) {
  if (full <= 1 || elapsed >= duration) return full;
  if (elapsed <= Duration{0}) return 1;
  const double share = in_seconds(elapsed) / in_seconds(duration);
  return std::clamp(1 + static_cast<std::uint32_t>((full - 1) * share), 1U, full);
}

bool is_drained(const ipvs::Connections& open, bool has_states, Duration elapsed) {
  // A handshake ends or is given up by then; TIME_WAIT lasts minutes and needs no server.
  constexpr auto handshake = std::chrono::seconds{10};
  if (open.active + open.inactive == 0) return true;
  return has_states && open.active == 0 && elapsed >= handshake;
}

}  // namespace holdfast::checkers
