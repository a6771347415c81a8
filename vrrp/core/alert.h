// Which transition is mailed, and with which words. Pure. runtime.md section 8 of the reference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::vrrp {

enum class AlertAbout : std::uint8_t { instance, group };

struct Alert {
  std::string subject;  ///< without the name of the router
  std::string body;
  bool operator==(const Alert&) const = default;
};

/// @param state in keepalived's words: MASTER, BACKUP, FAULT, STOP, DELETED
/// @param no_faults no_email_faults
/// @param last_mailed state; kept up to date. keepalived does not mail the same state twice in a
/// row
/// @return nothing: no mail
std::optional<Alert> alert_of(AlertAbout about, std::string_view name, std::string_view state,
                              bool no_faults, std::string& last_mailed);

}  // namespace holdfast::vrrp
