#include "checkers/core/alert.h"

#include <algorithm>
#include <array>

namespace holdfast::checkers {
namespace {

struct CheckWords {
  std::string_view keyword, up, down;
};

/// Filters of recipients look for them. @source keepalived 2.4.3: what it sends
constexpr std::array check_words{
    CheckWords{"TCP_CHECK", "TCP CHECK succeed on service", "TCP CHECK failed on service"},
    CheckWords{"PING_CHECK", "ICMP CHECK succeed on service", "ICMP CHECK failed on service"},
    CheckWords{"HTTP_GET", "CHECK succeed on service",
               "CHECK failed on service : HTTP/SSL request failed"},
    CheckWords{"SSL_GET", "CHECK succeed on service",
               "CHECK failed on service : HTTP/SSL request failed"},
    CheckWords{"SMTP_CHECK", "CHECK succeed on service", "CHECK failed on service"},
    CheckWords{"DNS_CHECK", "DNS_CHECK: succeed on service", "DNS_CHECK: failed on service"},
    CheckWords{"UDP_CHECK", "UDP CHECK succeed on service", "UDP CHECK failed on service"},
    CheckWords{"MISC_CHECK", "MISC CHECK succeeded on service", "MISC CHECK failed on service"},
};

}  // namespace

std::string_view word_of(bool up) { return up ? "UP" : "DOWN"; }

Alert server_alert(const VirtualServer& service, const RealServer& server, bool up,
                   std::string_view body) {
  return {fmt::format("Realserver {} of virtual server {} - {}",
                      to_string(server.key, service.key.protocol), service.name, word_of(up)),
          std::string{body}};
}

std::string check_body(const Check& check, bool up, std::string_view reason) {
  const auto known = std::ranges::find(check_words, check.keyword(), &CheckWords::keyword);
  std::string body =
      known == check_words.end()
          ? fmt::format("=> {} {} on service <=", check.keyword(), up ? "succeeded" : "failed")
          : fmt::format("=> {} <=", up ? known->up : known->down);
  if (!up && !reason.empty()) body += fmt::format("\r\n{}", reason);
  return body;
}

Alert service_alert(const VirtualServer& service, bool up, std::string_view body) {
  return {fmt::format("Virtualserver {} - {}", service.name, word_of(up)), std::string{body}};
}

/// Differs from keepalived for a lost quorum: its mail has "2+1=1 <= 0" there, its log is right.
Alert quorum_alert(const VirtualServer& service, bool up, std::uint64_t weight) {
  const std::int64_t quorum = service.quorum;
  const std::int64_t margin = service.hysteresis;
  return service_alert(
      service, up,
      up ? fmt::format("=> Gained quorum {}+{}={} <= {} <=", quorum, margin, quorum + margin,
                       weight)
         : fmt::format("=> Lost quorum {}-{}={} > {} <=", quorum, margin, quorum - margin, weight));
}

}  // namespace holdfast::checkers
