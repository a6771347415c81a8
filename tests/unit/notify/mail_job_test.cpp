// A batch on its way to holdfast-mail, and the reports about it.
#include "daemon/notify/mail_job.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace holdfast::notify {
namespace {

TEST(MailJob, SurvivesItsJourney) {
  const MailJob job{"mail.example",
                    2525,
                    std::chrono::seconds{7},
                    "root",
                    {"r", "h", "f@h", {"a@x", "b@x"}},
                    {{"s", "b\n", 12345, {"b@x"}, 3}}};
  const auto read = job_from_json(to_json(job));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->server, job.server);
  EXPECT_EQ(read->port, job.port);
  EXPECT_EQ(read->timeout, job.timeout);
  EXPECT_EQ(read->user, "root");
  EXPECT_EQ(read->envelope, job.envelope);
  ASSERT_EQ(read->mails.size(), 1U);
  EXPECT_EQ(read->mails[0].owed, job.mails[0].owed);
  EXPECT_EQ(read->mails[0].happened, 12345);
  EXPECT_FALSE(job_from_json("{}"));
  EXPECT_FALSE(job_from_json("x"));
}
TEST(MailJob, BytesThatAreNoTextDoNotBreakIt) {
  MailJob job;
  job.envelope.recipients = {"\xff@x"};
  job.mails = {{"\xc3", "b", 0, {}, 0}};
  const auto read = job_from_json(to_json(job));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->mails[0].subject, "?");
}
TEST(MailJob, HasTheHostWhereNothingIsSaid) {
  MailJob job;
  job.user = "root";
  EXPECT_TRUE(needs_host(job));
  complete(job, "h.example");
  EXPECT_EQ(job.envelope, (Envelope{"h.example", "h.example", "root@h.example", {}}));
  EXPECT_FALSE(needs_host(job));
  complete(job, "other");
  EXPECT_EQ(job.envelope.helo, "h.example");
}
TEST(MailJob, OutcomesSurviveTheirJourney) {
  const Outcome outcome{3, Fate::postponed, "451 later", {"a@x"}};
  EXPECT_EQ(*outcome_from_json(to_json(outcome)), outcome);
  EXPECT_FALSE(outcome_from_json({}));
  auto strange = to_json(outcome);
  strange["fate"] = 77;
  EXPECT_EQ(outcome_from_json(strange)->fate, Fate::postponed);
}

}  // namespace
}  // namespace holdfast::notify
