#include "daemon/notify/mail_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdfast::notify {
namespace {

/// @source RFC 5321 4.5.3.1.6: a line has at most 1000 bytes with its end
constexpr std::size_t longest_line = 998;
/// Leaves room for the name of the header, and more than any of our subjects needs.
constexpr std::size_t longest_subject = 900;
constexpr std::size_t longest_address = 320;
constexpr std::size_t longest_body = 4096;

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

/// Where the part in brackets begins, if the address ends with one.
std::size_t bracket_of(std::string_view address) {
  return address.ends_with('>') ? address.rfind('<') : std::string_view::npos;
}

/// Lines that begin with a dot get another one (RFC 5321 4.5.2), and long ones are broken.
void add_line(std::string& text, std::string_view line) {
  do {
    const std::string_view piece = line.substr(0, longest_line - 1);
    line.remove_prefix(piece.size());
    if (piece.starts_with('.')) text += '.';
    text += piece;
    text += "\r\n";
  } while (!line.empty());
}

}  // namespace

std::string one_line(std::string_view text, std::size_t most) {
  std::string line{text.substr(0, most)};
  std::ranges::replace_if(line, is_control, ' ');
  return line;
}

std::string mailbox(std::string_view address) {
  if (const std::size_t open = bracket_of(address); open != std::string_view::npos)
    address = address.substr(open + 1, address.size() - open - 2);
  std::string box{address.substr(0, longest_address)};
  std::erase_if(box, [](char c) { return is_control(c) || c == ' ' || c == '<' || c == '>'; });
  return box;
}

std::string header_address(std::string_view address) {
  const std::size_t open = bracket_of(address);
  std::string_view name = open == std::string_view::npos ? "" : address.substr(0, open);
  while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
  if (name.find_first_of("()<>[]:;@\\,.\"") == std::string_view::npos)
    return one_line(address, longest_address);
  if (name.size() > 1 && name.starts_with('"') && name.ends_with('"'))
    name = name.substr(1, name.size() - 2);
  std::string quoted;
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return fmt::format("\"{}\" <{}>", one_line(quoted, longest_address), mailbox(address));
}

std::string date_text(std::time_t time) {
  // Not strftime: its names follow the locale.
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm local{};
  ::localtime_r(&time, &local);
  const long minutes = local.tm_gmtoff / 60;
  const long offset = (minutes < 0 ? -minutes : minutes);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} {}{:02}{:02}",
                     days.at(static_cast<std::size_t>(local.tm_wday)), local.tm_mday,
                     months.at(static_cast<std::size_t>(local.tm_mon)), 1900 + local.tm_year,
                     local.tm_hour, local.tm_min, local.tm_sec, minutes < 0 ? '-' : '+',
                     offset / 60, offset % 60);
}

std::string content(const Envelope& envelope, const Mail& mail) {
  std::string to;
  for (const std::string& recipient : envelope.recipients)
    to += fmt::format("{} {}", to.empty() ? "" : ",\r\n", header_address(recipient));
  std::string text = fmt::format(
      "Date: {}\r\nFrom: {}\r\nSubject: {}\r\nX-Mailer: Keepalived\r\nTo:{}\r\n\r\n",
      date_text(mail.happened), header_address(envelope.from),
      one_line(fmt::format("[{}] {}", envelope.router_id, mail.subject), longest_subject), to);
  std::string_view body = std::string_view{mail.body}.substr(0, longest_body);
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    add_line(text, one_line(line, longest_body));
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return text + "\r\n.\r\n";
}

}  // namespace holdfast::notify
