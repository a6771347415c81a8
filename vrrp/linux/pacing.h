// How far announcements are apart: vrrp_garp_interval, vrrp_gna_interval and garp_group, by the
// names of interfaces.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vrrp/config/group.h"
#include "vrrp/core/announce.h"

namespace holdfast::vrrp {

class Pacing {
 public:
  Pacing() = default;
  /// @param garp, gna gaps of interfaces in no group, and of groups that set only the other one
  Pacing(Duration garp, Duration gna, const std::vector<GarpGroup>& groups);
  /// @param index of the interface: of one that shares its timer with no other it names the timer
  [[nodiscard]] Pace of(std::string_view interface, std::uint32_t index, Family family) const;

 private:
  struct Gaps {
    Duration garp{0}, gna{0};
  };
  struct Member {
    Gaps gaps;
    std::optional<std::uint32_t> shared;  ///< number of the timer
  };
  Gaps gaps_;
  std::map<std::string, Member, std::less<>> members_;
};

}  // namespace holdfast::vrrp
