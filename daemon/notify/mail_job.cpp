#include "daemon/notify/mail_job.h"

#include <algorithm>
#include <boost/json.hpp>

#include "daemon/base/utf8.h"

namespace holdfast::notify {
namespace {

namespace json = boost::json;

json::array to_array(const std::vector<std::string>& texts) {
  json::array all;
  for (const std::string& text : texts) all.emplace_back(valid_utf8(text));
  return all;
}

// Boost.JSON reports a missing or wrong member by throwing; the two readers below catch.
std::vector<std::string> texts_from(const json::value& value) {
  std::vector<std::string> all;
  for (const json::value& text : value.as_array()) all.emplace_back(text.as_string());
  return all;
}

std::string text_from(const json::object& object, std::string_view name) {
  return std::string{object.at(name).as_string()};
}

MailJob read_job(const json::object& body) {
  MailJob job{text_from(body, "server"),
              body.at("port").to_number<std::uint16_t>(),
              Duration{body.at("timeout_ns").to_number<std::int64_t>()},
              text_from(body, "user"),
              {text_from(body, "router_id"), text_from(body, "helo"), text_from(body, "from"),
               texts_from(body.at("recipients"))},
              {}};
  for (const json::value& value : body.at("mails").as_array()) {
    const json::object& mail = value.as_object();
    job.mails.push_back({text_from(mail, "subject"), text_from(mail, "body"),
                         mail.at("happened").to_number<std::int64_t>(), texts_from(mail.at("owed")),
                         0});
  }
  return job;
}

Outcome read_outcome(const json::object& body) {
  const auto fate = body.at("fate").to_number<int>();
  return {body.at("mail").to_number<std::size_t>(),
          static_cast<Fate>(std::clamp(fate, 0, static_cast<int>(Fate::postponed))),
          text_from(body, "text"), texts_from(body.at("owed"))};
}

}  // namespace

void complete(MailJob& job, const std::string& host) {
  Envelope& envelope = job.envelope;
  if (envelope.router_id.empty()) envelope.router_id = host;
  if (envelope.helo.empty()) envelope.helo = host;
  if (envelope.from.empty()) envelope.from = fmt::format("{}@{}", job.user, host);
}

bool needs_host(const MailJob& job) {
  const Envelope& envelope = job.envelope;
  return envelope.router_id.empty() || envelope.helo.empty() || envelope.from.empty();
}

std::string to_json(const MailJob& job) {
  json::array mails;
  for (const Mail& mail : job.mails)
    mails.emplace_back(json::object{{"subject", valid_utf8(mail.subject)},
                                    {"body", valid_utf8(mail.body)},
                                    {"happened", static_cast<std::int64_t>(mail.happened)},
                                    {"owed", to_array(mail.owed)}});
  const Envelope& envelope = job.envelope;
  return json::serialize(json::object{{"server", valid_utf8(job.server)},
                                      {"port", job.port},
                                      {"timeout_ns", job.timeout.count()},
                                      {"user", valid_utf8(job.user)},
                                      {"router_id", valid_utf8(envelope.router_id)},
                                      {"helo", valid_utf8(envelope.helo)},
                                      {"from", valid_utf8(envelope.from)},
                                      {"recipients", to_array(envelope.recipients)},
                                      {"mails", std::move(mails)}});
}

Result<MailJob> job_from_json(std::string_view text) {
  try {
    return read_job(json::parse(text).as_object());
  } catch (const std::exception& error) {
    return fail("a batch of mails that is not understood: {}", error.what());
  }
}

json::object to_json(const Outcome& outcome) {
  return {{"mail", outcome.mail},
          {"fate", static_cast<int>(outcome.fate)},
          {"text", valid_utf8(outcome.text)},
          {"owed", to_array(outcome.owed)}};
}

Result<Outcome> outcome_from_json(const json::object& body) {
  try {
    return read_outcome(body);
  } catch (const std::exception& error) {
    return fail("a report about a mail that is not understood: {}", error.what());
  }
}

}  // namespace holdfast::notify
