// The client side of SMTP (RFC 5321) as far as alerts need it: several mails over one connection.
// Pure: bytes in, bytes out. The connection and its time limits are deliver.cpp's.
//
//   greeting ──220──► HELO ──250──► MAIL ──► RCPT, each ──► DATA ──354──► content ──► MAIL of the
//   next
//                                    │        └ none taken ─┐   │             └ last ──► QUIT ──►
//                                    over └────── 4xx, 5xx ──────┴───┴──► RSET ──► MAIL of the next
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/notify/mail.h"
#include "daemon/notify/smtp_reply.h"

namespace holdfast::notify {

class SmtpClient {
 public:
  SmtpClient(Envelope envelope, std::vector<Mail> mails);

  /// Bytes from the server. @return bytes for it; empty: it has to say more first, or it is over
  std::string receive(std::string_view bytes);
  /// The connection is gone, or a reply did not come in time: what has no outcome is postponed.
  void lost(const std::string& why);
  /// The connection can be closed.
  [[nodiscard]] bool is_over() const { return step_ == Step::over; }
  /// What was decided since the last call, in the order of the mails.
  std::vector<Outcome> take_outcomes() { return std::exchange(outcomes_, {}); }

 private:
  enum class Step : std::uint8_t { greeting, helo, mail, rcpt, data, content, reset, quit, over };

  std::string on(const SmtpReply& reply);
  std::string on_rcpt(const SmtpReply& reply);
  std::string send(Step next);
  /// Of the mail under way, and on to the next one.
  std::string finish(Fate fate, const std::string& text, std::vector<std::string> owed);
  std::string refused_by(const SmtpReply& reply);
  [[nodiscard]] const std::vector<std::string>& recipients() const;

  Envelope envelope_;
  std::vector<Mail> mails_;
  SmtpReplyReader replies_;
  Step step_ = Step::greeting;
  std::size_t mail_ = 0, recipient_ = 0;
  std::size_t accepted_ = 0;       ///< recipients of this mail
  std::vector<std::string> owed_;  ///< refused for now
  std::string complaint_;          ///< the first about a recipient
  std::vector<Outcome> outcomes_;
};

}  // namespace holdfast::notify
