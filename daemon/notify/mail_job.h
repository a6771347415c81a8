// What the supervisor gives holdfast-mail: one batch; and what it tells about each mail. As JSON.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/notify/mail.h"

namespace holdfast::notify {

struct MailJob {
  std::string server;  ///< host name or address
  std::uint16_t port = 25;
  Duration timeout = std::chrono::seconds{30};  ///< of connecting, and of each reply
  std::string user;                             ///< that mail is from where nothing else is said
  Envelope envelope;                            ///< empty members: complete()
  std::vector<Mail> mails;
};

/// keepalived's defaults: the host's name, and user@host. @source runtime.md section 8
void complete(MailJob& job, const std::string& host);
/// Whether complete() needs the host's name.
bool needs_host(const MailJob& job);

std::string to_json(const MailJob& job);
Result<MailJob> job_from_json(std::string_view text);
boost::json::object to_json(const Outcome& outcome);
Result<Outcome> outcome_from_json(const boost::json::object& body);

}  // namespace holdfast::notify
