// ICMP echo as bytes (RFC 792, RFC 4443). Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/base/bytes.h"

namespace holdfast::checkers {

struct Echo {
  std::uint16_t id = 0, sequence = 0;
};

/// The request; the checksum of version 6 is the kernel's to fill in.
std::vector<std::byte> echo_request(const Echo& echo, bool v6);
/// True for the reply to this request. @param message begins with the ICMP header
bool answers(const Echo& echo, Bytes message, bool v6);
/// What follows the IPv4 header that raw sockets deliver; empty when there is none.
Bytes without_ip_header(Bytes packet);

}  // namespace holdfast::checkers
