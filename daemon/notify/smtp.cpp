#include "daemon/notify/smtp.h"

#include <fmt/format.h>

#include "daemon/notify/mail_text.h"

namespace holdfast::notify {
namespace {

/// RFC 5321 3.8: the server is about to close the connection, whatever was asked.
constexpr unsigned shutting_down = 421;
constexpr unsigned go_ahead = 354;
constexpr std::size_t longest_name = 255;

}  // namespace

SmtpClient::SmtpClient(Envelope envelope, std::vector<Mail> mails)
    : envelope_{std::move(envelope)}, mails_{std::move(mails)} {}

const std::vector<std::string>& SmtpClient::recipients() const {
  const std::vector<std::string>& owed = mails_[mail_].owed;
  return owed.empty() ? envelope_.recipients : owed;
}

std::string SmtpClient::receive(std::string_view bytes) {
  std::string out;
  replies_.add(bytes);
  while (!is_over()) {
    const auto reply = replies_.next();
    if (!reply) {
      lost(reply.error().what);
      return out;
    }
    if (!*reply) return out;
    out += on(**reply);
  }
  return out;
}

void SmtpClient::lost(const std::string& why) {
  if (is_over()) return;
  // Who has accepted this one before its content was there has not got it.
  for (; mail_ < mails_.size(); ++mail_)
    outcomes_.push_back({mail_, Fate::postponed, why, mails_[mail_].owed});
  step_ = Step::over;
}

std::string SmtpClient::send(Step next) {
  step_ = next;
  switch (next) {
    case Step::helo:
      return fmt::format("HELO {}\r\n", one_line(envelope_.helo, longest_name));
    case Step::mail:
      recipient_ = accepted_ = 0;
      owed_.clear();
      complaint_.clear();
      return fmt::format("MAIL FROM:<{}>\r\n", mailbox(envelope_.from));
    case Step::rcpt:
      return fmt::format("RCPT TO:<{}>\r\n", mailbox(recipients()[recipient_]));
    case Step::data:
      return "DATA\r\n";
    case Step::content:
      return content(envelope_, mails_[mail_]);
    case Step::reset:
      return "RSET\r\n";
    case Step::quit:
      return "QUIT\r\n";
    case Step::greeting:
    case Step::over:
      break;
  }
  return {};
}

std::string SmtpClient::finish(Fate fate, const std::string& text, std::vector<std::string> owed) {
  outcomes_.push_back({mail_, fate, text, std::move(owed)});
  const bool in_transaction = step_ == Step::rcpt || step_ == Step::data;
  if (++mail_ == mails_.size()) return send(Step::quit);
  return send(in_transaction ? Step::reset : Step::mail);
}

std::string SmtpClient::refused_by(const SmtpReply& reply) {
  return finish(reply.is_for_good() ? Fate::refused : Fate::postponed, reply.text,
                mails_[mail_].owed);
}

std::string SmtpClient::on(const SmtpReply& reply) {
  const auto give_up = [&] {
    lost(fmt::format("the server says {}", reply.text));
    return std::string{};
  };
  if (reply.code == shutting_down && step_ != Step::quit) return give_up();
  switch (step_) {
    case Step::greeting:
      return reply.is_good() ? send(Step::helo) : give_up();
    case Step::helo:
      if (!reply.is_good()) return give_up();
      return send(mails_.empty() ? Step::quit : Step::mail);
    case Step::reset:
      return reply.is_good() ? send(Step::mail) : give_up();
    case Step::mail:
      if (!reply.is_good()) return refused_by(reply);
      return send(recipients().empty() ? Step::data : Step::rcpt);
    case Step::rcpt:
      return on_rcpt(reply);
    case Step::data:
      return reply.code == go_ahead ? send(Step::content) : refused_by(reply);
    case Step::content:
      if (!reply.is_good()) return refused_by(reply);
      return owed_.empty() ? finish(Fate::sent, complaint_, {})
                           : finish(Fate::postponed, complaint_, std::move(owed_));
    case Step::quit:
      step_ = Step::over;
      break;
    case Step::over:
      break;
  }
  return {};
}

/// One recipient that is refused does not deprive the others.
std::string SmtpClient::on_rcpt(const SmtpReply& reply) {
  const std::string& recipient = recipients()[recipient_];
  if (reply.is_good()) {
    ++accepted_;
  } else {
    if (complaint_.empty()) complaint_ = fmt::format("{}: {}", mailbox(recipient), reply.text);
    if (!reply.is_for_good()) owed_.push_back(recipient);
  }
  if (++recipient_ < recipients().size()) return send(Step::rcpt);
  if (accepted_ > 0) return send(Step::data);
  const Fate fate = owed_.empty() ? Fate::refused : Fate::postponed;
  return finish(fate, complaint_, std::move(owed_));
}

}  // namespace holdfast::notify
