#include "vrrp/linux/pacing.h"

namespace holdfast::vrrp {

/// An interface that is named twice stays where it was named first.
Pacing::Pacing(Duration garp, Duration gna, const std::vector<GarpGroup>& groups)
    : gaps_{garp, gna} {
  std::uint32_t number = 0;
  for (const GarpGroup& group : groups) {
    const Gaps gaps{group.garp_interval.value_or(garp), group.gna_interval.value_or(gna)};
    for (const std::string& name : group.separate)
      members_.try_emplace(name, Member{gaps, std::nullopt});
    for (const std::string& name : group.shared) members_.try_emplace(name, Member{gaps, number});
    ++number;
  }
}

Pace Pacing::of(std::string_view interface, std::uint32_t index, Family family) const {
  const auto member = members_.find(interface);
  const bool listed = member != members_.end();
  const Gaps& gaps = listed ? member->second.gaps : gaps_;
  Pace pace{{false, index}, family == Family::ipv4 ? gaps.garp : gaps.gna};
  if (listed && member->second.shared) pace.timer = {true, *member->second.shared};
  return pace;
}

}  // namespace holdfast::vrrp
