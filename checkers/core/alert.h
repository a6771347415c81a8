// What the mails about real and virtual servers say. Pure. runtime.md section 8 of the reference.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "checkers/config/config.h"

namespace holdfast::checkers {

struct Alert {
  std::string subject;  ///< without the name of the router
  std::string body;
  bool operator==(const Alert&) const = default;
};

/// keepalived's words for servers and services, in mails and FIFOs.
std::string_view word_of(bool up);
/// @param up of the whole server, whatever a single check says
Alert server_alert(const VirtualServer& service, const RealServer& server, bool up,
                   std::string_view body);
/// What a check that changed its verdict says in the body. @param reason why it is down
std::string check_body(const Check& check, bool up, std::string_view reason);
/// @param weight of the servers that are alive
Alert quorum_alert(const VirtualServer& service, bool up, std::uint64_t weight);
Alert service_alert(const VirtualServer& service, bool up, std::string_view body);

inline constexpr std::string_view shutting_down_body = "=> Shutting down <=";

}  // namespace holdfast::checkers
