// The SMTP client against servers of every kind, as text.
#include "daemon/notify/smtp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Envelope envelope{"r1", "host.example", "root@host.example", {"a@x", "Ops <b@x>"}};

SmtpClient client(std::size_t mails = 1, const Envelope& with = envelope) {
  return {with, std::vector<Mail>(mails, Mail{"subject", "body", 0, {}, 0})};
}

/// Feeds replies one by one. @return what the client said to each
std::vector<std::string> talk(SmtpClient& smtp, const std::vector<std::string>& replies) {
  std::vector<std::string> said;
  for (const std::string& reply : replies) {
    std::string text = smtp.receive(reply + "\r\n");
    said.push_back(text.starts_with("Date:") ? "CONTENT" : text.substr(0, text.find('\r')));
  }
  return said;
}

TEST(Smtp, AMailGoesToAllRecipients) {
  auto smtp = client();
  EXPECT_THAT(talk(smtp, {"220 hello", "250 ok", "250 ok", "250 ok", "250 ok", "354 go", "250 ok",
                          "221 bye"}),
              ElementsAre("HELO host.example", "MAIL FROM:<root@host.example>", "RCPT TO:<a@x>",
                          "RCPT TO:<b@x>", "DATA", "CONTENT", "QUIT", ""));
  EXPECT_TRUE(smtp.is_over());
  EXPECT_THAT(smtp.take_outcomes(), ElementsAre(Outcome{0, Fate::sent, "", {}}));
}
TEST(Smtp, SeveralMailsTakeOneConnection) {
  auto smtp = client(2);
  const auto said = talk(smtp, {"220 h", "250 1", "250 2", "250 3", "250 4", "354 5", "250 6",
                                "250 7", "250 8", "250 9", "354 10", "250 11", "221 12"});
  EXPECT_EQ(std::ranges::count(said, "CONTENT"), 2);
  EXPECT_EQ(said[6], "MAIL FROM:<root@host.example>");
  EXPECT_TRUE(smtp.is_over());
  EXPECT_EQ(smtp.take_outcomes().size(), 2U);
}
TEST(Smtp, RepliesMayHaveSeveralLinesAndComeInPieces) {
  auto smtp = client();
  std::string said;
  for (const char c : std::string{"220-first\r\n220-second\r\n220 last\r\n"})
    said += smtp.receive(std::string_view{&c, 1});
  EXPECT_EQ(said, "HELO host.example\r\n");
  EXPECT_EQ(smtp.receive("250\n"), "MAIL FROM:<root@host.example>\r\n");
}
TEST(Smtp, ARefusedRecipientDoesNotDepriveTheOthers) {
  auto smtp = client();
  EXPECT_THAT(talk(smtp, {"220 h", "250 h", "250 m", "550 who", "250 r", "354 d", "250 c"}),
              ElementsAre("HELO host.example", "MAIL FROM:<root@host.example>", "RCPT TO:<a@x>",
                          "RCPT TO:<b@x>", "DATA", "CONTENT", "QUIT"));
  EXPECT_THAT(smtp.take_outcomes(), ElementsAre(Outcome{0, Fate::sent, "a@x: 550 who", {}}));
}
TEST(Smtp, ARecipientThatIsRefusedForNowIsOwedTheMail) {
  auto smtp = client();
  talk(smtp, {"220 h", "250 h", "250 m", "250 r", "451 later", "354 d", "250 c"});
  EXPECT_THAT(smtp.take_outcomes(),
              ElementsAre(Outcome{0, Fate::postponed, "b@x: 451 later", {"Ops <b@x>"}}));
  SmtpClient again{envelope, {Mail{"s", "b", 0, {"Ops <b@x>"}, 1}}};
  EXPECT_THAT(
      talk(again, {"220 h", "250 h", "250 m", "250 r"}),
      ElementsAre("HELO host.example", "MAIL FROM:<root@host.example>", "RCPT TO:<b@x>", "DATA"));
}
TEST(Smtp, WhenNobodyTakesItTheNextMailHasItsTurn) {
  auto smtp = client(2);
  EXPECT_THAT(talk(smtp, {"220 h", "250 h", "250 m", "550 a", "550 b", "250 reset"}),
              ElementsAre("HELO host.example", "MAIL FROM:<root@host.example>", "RCPT TO:<a@x>",
                          "RCPT TO:<b@x>", "RSET", "MAIL FROM:<root@host.example>"));
  EXPECT_THAT(smtp.take_outcomes(), ElementsAre(Outcome{0, Fate::refused, "a@x: 550 a", {}}));
}
TEST(Smtp, AMailThatNobodyTakesForNowIsPostponedForThoseWhoMayTakeIt) {
  auto smtp = client();
  talk(smtp, {"220 h", "250 h", "250 m", "550 never", "450 later"});
  EXPECT_THAT(smtp.take_outcomes(),
              ElementsAre(Outcome{0, Fate::postponed, "a@x: 550 never", {"Ops <b@x>"}}));
}
TEST(Smtp, RefusalsAtEachStep) {
  const std::vector<std::string> good{"220 h", "250 h", "250 m", "250 r",
                                      "250 r", "354 d", "250 c"};
  for (std::size_t step = 0; step < good.size(); ++step)
    for (const char first : {'4', '5'}) {
      auto replies = good;
      replies.resize(step + 1);
      replies[step] = std::string{first} + "51 no";
      auto smtp = client();
      talk(smtp, replies);
      if (step == 3 || step == 4) continue;  // a recipient: above
      const auto outcomes = smtp.take_outcomes();
      ASSERT_EQ(outcomes.size(), 1U) << step;
      // What the server has against us it may not have for long.
      const bool for_good = first == '5' && step > 1;
      EXPECT_EQ(outcomes[0].fate, for_good ? Fate::refused : Fate::postponed) << step;
      EXPECT_THAT(outcomes[0].text, HasSubstr("51 no"));
      EXPECT_EQ(smtp.is_over(), step < 2) << step;
    }
}
TEST(Smtp, AServerThatShutsDownPostponesTheRest) {
  auto smtp = client(2);
  talk(smtp, {"220 h", "250 h", "250 m", "421 closing"});
  EXPECT_TRUE(smtp.is_over());
  const auto outcomes = smtp.take_outcomes();
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[1].fate, Fate::postponed);
}
TEST(Smtp, ALostConnectionPostponesWhatHasNoOutcome) {
  auto smtp = client(2);
  talk(smtp, {"220 h", "250 h", "250 m", "250 r", "250 r", "354 d", "250 c"});
  smtp.lost("timed out");
  EXPECT_THAT(smtp.take_outcomes(), ElementsAre(Outcome{0, Fate::sent, "", {}},
                                                Outcome{1, Fate::postponed, "timed out", {}}));
  smtp.lost("again");
  EXPECT_TRUE(smtp.take_outcomes().empty());
}
TEST(Smtp, WhatIsNotAReplyEndsIt) {
  for (const std::string& bytes :
       {std::string{"hello\r\n"}, std::string{"99 x\r\n"}, std::string{"600 x\r\n"},
        std::string{"2200 x\r\n"}, std::string(4000, '2'), std::string(4000, 'x') + "\r\n", [] {
          std::string lines;
          for (int i = 0; i < 200; ++i) lines += "220-more\r\n";
          return lines;
        }()}) {
    auto smtp = client();
    EXPECT_EQ(smtp.receive(bytes), "");
    EXPECT_TRUE(smtp.is_over()) << bytes.substr(0, 20);
    EXPECT_EQ(smtp.take_outcomes().at(0).fate, Fate::postponed);
  }
}
TEST(Smtp, NamesCannotAddCommands) {
  const Envelope evil{"r\r\n.\r\nQUIT", "h\r\nMAIL", "f>\r\nDATA\r\n<@x", {"a@x>\r\nRSET"}};
  SmtpClient smtp{evil, {Mail{"s\r\nBcc: z@z", ".\r\n.\r\nQUIT\r\n", 0, {}, 0}}};
  std::string all;
  for (const char* reply : {"220 h", "250 h", "250 m", "250 r", "354 d"}) {
    const std::string said = smtp.receive(std::string{reply} + "\r\n");
    EXPECT_TRUE(said.ends_with("\r\n"));
    if (std::string_view{reply}.starts_with("354")) {
      EXPECT_EQ(said.find("\r\n.\r\n"), said.size() - 5);
      EXPECT_EQ(said.find("\r\nBcc:"), std::string::npos);
      EXPECT_THAT(said, HasSubstr("\r\n..\r\n..\r\nQUIT\r\n"));
    } else {
      EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
    }
  }
}

}  // namespace
}  // namespace holdfast::notify
