#include "vrrp/core/alert.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdfast::vrrp {
namespace {

struct Words {
  std::string_view state, subject, instance, group;
};

/// Filters of recipients look for them. @source keepalived 2.4.3: what it sends
constexpr std::array all_words{
    Words{"MASTER", "Entering MASTER state", "VRRP Instance is now owning VRRP VIPs",
          "All VRRP group instances are now in MASTER state"},
    Words{"BACKUP", "Entering BACKUP state", "VRRP Instance is no longer owning VRRP VIPs",
          "All VRRP group instances are now in BACKUP state"},
    Words{"FAULT", "Entering FAULT state", "VRRP Instance is no longer owning VRRP VIPs",
          "All VRRP group instances are now in FAULT state"},
    Words{"STOP", "Stopping", "VRRP Instance stopping",
          "All VRRP group instances are now stopping"},
    Words{"DELETED", "Deleted", "VRRP Deleted at reload", ""},
};

}  // namespace

std::optional<Alert> alert_of(AlertAbout about, std::string_view name, std::string_view state,
                              bool no_faults, std::string& last_mailed) {
  const auto words = std::ranges::find(all_words, state, &Words::state);
  if (words == all_words.end() || last_mailed == state) return std::nullopt;
  if (no_faults && state == "FAULT") return std::nullopt;
  const bool is_group = about == AlertAbout::group;
  const std::string_view body = is_group ? words->group : words->instance;
  if (body.empty()) return std::nullopt;
  last_mailed = state;
  return Alert{
      fmt::format("VRRP {} {} - {}", is_group ? "Group" : "Instance", name, words->subject),
      fmt::format("=> {} <=", body)};
}

}  // namespace holdfast::vrrp
