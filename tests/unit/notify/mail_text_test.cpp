// A mail as bytes.
#include "daemon/notify/mail_text.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace holdfast::notify {
namespace {

TEST(MailText, IsThatOfKeepalived) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const Envelope envelope{"lb1", "h", "Alerts <root@h>", {"a@x", "b@x"}};
  EXPECT_EQ(
      content(envelope,
              {"VRRP Instance VI_1 - Entering MASTER state", "=> text <=", 1795281615, {}, 0}),
      "Date: Sat, 21 Nov 2026 17:20:15 +0000\r\n"
      "From: Alerts <root@h>\r\n"
      "Subject: [lb1] VRRP Instance VI_1 - Entering MASTER state\r\n"
      "X-Mailer: Keepalived\r\n"
      "To: a@x,\r\n b@x\r\n"
      "\r\n"
      "=> text <=\r\n"
      "\r\n.\r\n");
}
TEST(MailText, DatesHaveTheOffsetOfTheirZone) {
  ::setenv("TZ", "XXX+3:30", 1);
  ::tzset();
  EXPECT_EQ(date_text(0), "Wed, 31 Dec 1969 20:30:00 -0330");
  ::setenv("TZ", "YYY-5:45", 1);
  ::tzset();
  EXPECT_EQ(date_text(0), "Thu, 01 Jan 1970 05:45:00 +0545");
  ::setenv("TZ", "UTC", 1);
  ::tzset();
}
TEST(MailText, MailboxesAreWhatStandsInBrackets) {
  EXPECT_EQ(mailbox("a@b"), "a@b");
  EXPECT_EQ(mailbox("Fred <a@b>"), "a@b");
  EXPECT_EQ(mailbox("<a@b>"), "a@b");
  EXPECT_EQ(mailbox("a@b>"), "a@b");
  EXPECT_EQ(mailbox(""), "");
  EXPECT_EQ(mailbox(">"), "");
  EXPECT_EQ(mailbox("<>"), "");
}
TEST(MailText, NamesWithSpecialCharactersAreQuoted) {
  EXPECT_EQ(header_address("a@b"), "a@b");
  EXPECT_EQ(header_address("Fred Smith <a@b>"), "Fred Smith <a@b>");
  EXPECT_EQ(header_address("Fred (Ops) <a@b>"), "\"Fred (Ops)\" <a@b>");
  EXPECT_EQ(header_address("A \"B\" C. <a@b>"), "\"A \\\"B\\\" C.\" <a@b>");
  EXPECT_EQ(header_address("\"Ops, all\" <a@b>"), "\"Ops, all\" <a@b>");
}
TEST(MailText, LongBodiesAreBrokenAndCut) {
  const std::string text = content({"r", "h", "f", {"t"}}, {"s", std::string(9000, 'x'), 0, {}, 0});
  std::size_t line = 0;
  for (const char c : text) {
    line = c == '\n' ? 0 : line + 1;
    ASSERT_LE(line, 1000U);
  }
  EXPECT_LT(text.size(), 5000U);
}

}  // namespace
}  // namespace holdfast::notify
