// What UDP_CHECK sends, and which replies it takes. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"
#include "daemon/base/bytes.h"

namespace holdfast::checkers {

/// The payload that is configured, else 32 bytes of filler.
std::vector<std::byte> udp_payload(const UdpCheck& check);
/// As keepalived: the lengths count only where bytes are compared.
Verdict judge_udp(const UdpCheck& check, Bytes reply);

}  // namespace holdfast::checkers
