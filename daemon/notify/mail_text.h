// A mail as bytes: headers, body, dot-stuffing. Whatever a name or an address holds, it stays
// inside its line.
#pragma once

#include <string>
#include <string_view>

#include "daemon/notify/mail.h"

namespace holdfast::notify {

/// On one line: each control character is a blank, and at most `most` bytes are left.
std::string one_line(std::string_view text, std::size_t most);
/// What belongs between < and > of MAIL and RCPT: of `Some Name <user@host>` the part in brackets.
/// Nothing that could end it early is in it.
std::string mailbox(std::string_view address);
/// The address as a header has it: a name with special characters is quoted. @source RFC 5322 3.2.3
std::string header_address(std::string_view address);
/// `Sat, 21 Nov 2026 17:20:15 +0000`, in the time zone of the process. @source RFC 5322 3.3
std::string date_text(std::time_t time);
/// Everything between DATA and its reply: headers in keepalived's order, the body, the final dot.
/// @source runtime.md section 8 of the reference
std::string content(const Envelope& envelope, const Mail& mail);

}  // namespace holdfast::notify
