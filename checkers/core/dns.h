// DNS_CHECK as bytes: the query, and what its reply says of the server. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"
#include "daemon/base/bytes.h"

namespace holdfast::checkers {

/// One question, recursion desired. @source RFC 1035 4.1
/// @pre the name is one that the configuration accepts (labels of 1..63 octets)
std::vector<std::byte> dns_query(const DnsCheck& check, std::uint16_t id);

/// Nothing: the bytes are not the reply to that query (another id or question, a query): one waits
/// on. As keepalived: any reply without an error is a success, whatever it answers.
std::optional<Verdict> judge_dns(const DnsCheck& check, std::uint16_t id, Bytes reply);

}  // namespace holdfast::checkers
