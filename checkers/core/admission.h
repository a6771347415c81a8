// Which servers of a service are used: what checks say, what an operator says, and how far checks
// are believed when many of them fail. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "daemon/base/time.h"
#include "ipvs/table.h"

namespace holdfast::checkers {

/// What an operator wants of a server.
enum class Mode : std::uint8_t {
  normal,
  drain,  ///< no new connections; out of the table when the last one is gone
  maint,  ///< out of the table at once
};

/// Of a foreign number; nothing: it is none.
constexpr std::optional<Mode> mode_of(std::uint8_t number) {
  return number <= static_cast<std::uint8_t>(Mode::maint) ? std::optional{static_cast<Mode>(number)}
                                                          : std::nullopt;
}

/// How far failing checks are believed; 0: without a limit. Per cent of the servers that have been
/// in use and that no operator has taken out.
struct Limits {
  unsigned panic_threshold = 0;  ///< fewer than that look alive: all stay in
  unsigned max_ejected = 0;      ///< no more than that are out at once; one always may be
  bool operator==(const Limits&) const = default;
};

struct Candidate {
  bool alive = false;   ///< by its checks
  bool was_in = false;  ///< has been alive; one that never was is not brought in by distrust
  Mode mode = Mode::normal;
  std::uint64_t down_since = 0;  ///< order of failing: the first to fail is the first to go
};

struct Admission {
  std::vector<bool> in_use;
  bool panic = false;
  std::size_t counted = 0, alive = 0;  ///< those that the limits look at
};
Admission admit(std::span<const Candidate> servers, const Limits& limits);

/// Slow start: the weight at `elapsed` of `duration`, from 1 to `full`.
std::uint32_t ramped(std::uint32_t full, Duration elapsed, Duration duration);

/// Whether a server that gets no new connections can go. Connections that are about to end do not
/// count, those that are about to begin do: there are none any more after a while.
bool is_drained(const ipvs::Connections& open, bool has_states, Duration elapsed);

}  // namespace holdfast::checkers
