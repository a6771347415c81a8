// What an agent beside a server says of it, in the words of HAProxy's agent-check, and what follows
// for the server. Pure. What a line does not speak of stays as it was.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "checkers/core/health.h"
#include "checkers/core/verdict.h"
#include "daemon/base/result.h"

namespace holdfast::checkers {

enum class AgentMode : std::uint8_t {
  ready,
  drain,  ///< weight 0: connections that exist go on
  maint,  ///< out
};

class AgentState {
 public:
  /// What a predecessor's verdict and weight tell of it.
  AgentState(const HealthRecord& health, std::uint32_t configured_weight);

  /// @param probe passed, with the agent's line as its reason; or why there is none
  /// @return the verdict on the server; where the line says nothing, the one before with a warning
  Verdict apply(const Verdict& probe, std::uint32_t configured_weight);
  /// What it adds to the weight of its server, or takes away.
  [[nodiscard]] std::int64_t contribution(std::uint32_t configured_weight) const {
    return weight(configured_weight) - configured_weight;
  }

 private:
  /// Words are `up`, `down`, `fail`, `failed`, `stopped`, `ready`, `drain`, `maint`, `75%`;
  /// `maxconn:N` is refused by name; a remark follows `#`. @return what is refused. Error: nothing
  /// is taken
  Result<std::string> take(std::string_view line);
  [[nodiscard]] std::int64_t weight(std::uint32_t configured) const;
  [[nodiscard]] Verdict verdict(std::uint32_t configured_weight) const;

  AgentMode mode_ = AgentMode::ready;
  bool up_ = true;
  std::uint32_t percent_ = 100;  ///< of the configured weight
  std::string reason_ = "the agent has said nothing yet";
};

}  // namespace holdfast::checkers
