// Replies of an SMTP server, out of any bytes in any pieces. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace holdfast::notify {

/// One reply, of one line or more. @source RFC 5321 4.2
struct SmtpReply {
  unsigned code = 0;  ///< 200..599
  std::string text;   ///< of its first line, printable, shortened
  [[nodiscard]] bool is_good() const { return code / 100 == 2; }
  [[nodiscard]] bool is_for_good() const { return code / 100 == 5; }
};

class SmtpReplyReader {
 public:
  /// Longer than RFC 5321 4.5.3.1.5 (512) and 4.5.3.1 allow: what is beyond is no mail server.
  static constexpr std::size_t longest_line = 2048;
  static constexpr std::size_t most_lines = 128;

  void add(std::string_view bytes) { unread_ += bytes; }
  /// The next whole reply; nothing: more bytes are needed. Error: this is not SMTP.
  Result<std::optional<SmtpReply>> next();

 private:
  std::string unread_;
  std::string text_;  ///< of the first line of a reply that is not whole yet
  std::size_t lines_ = 0;
};

}  // namespace holdfast::notify
