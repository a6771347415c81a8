#include "daemon/notify/smtp_reply.h"

#include <algorithm>

namespace holdfast::notify {
namespace {

constexpr std::size_t longest_text = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// For the log of the operator: nothing that a terminal would act on.
std::string printable(std::string_view text) {
  std::string shown{text.substr(0, longest_text)};
  std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

/// Of `250-text` or `250 text` or `250`; 0: it is none.
unsigned code_of(std::string_view line) {
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit)) return 0;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return 0;
  const auto digit = [&](std::size_t at) { return static_cast<unsigned>(line[at] - '0'); };
  const unsigned code = digit(0) * 100 + digit(1) * 10 + digit(2);
  return code >= 200 && code <= 599 ? code : 0;
}

}  // namespace

Result<std::optional<SmtpReply>> SmtpReplyReader::next() {
  for (;;) {
    const std::size_t end = unread_.find('\n');
    if (std::min(end, unread_.size()) > longest_line)
      return fail("a reply with a line of more than {} bytes", longest_line);
    if (end == std::string::npos) return std::nullopt;
    std::string_view line = std::string_view{unread_}.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const unsigned code = code_of(line);
    if (code == 0) return fail("'{}' is no reply of a mail server", printable(line));
    const bool is_last = line.size() < 4 || line[3] == ' ';
    if (lines_++ == 0) text_ = printable(line);
    unread_.erase(0, end + 1);
    if (is_last) {
      lines_ = 0;
      return SmtpReply{code, std::move(text_)};
    }
    if (lines_ >= most_lines) return fail("a reply of more than {} lines", most_lines);
  }
}

}  // namespace holdfast::notify
