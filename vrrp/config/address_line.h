// One line of virtual_ipaddress: `ADDRESS[/PREFIX] [option value]...` (keywords.tsv, address line).
#pragma once

#include <optional>
#include <vector>

#include "vrrp/config/config.h"

namespace holdfast::vrrp {

/// Nothing when the line cannot be used; the reason has been reported.
std::optional<VirtualAddress> read_address_line(const config::Statement& line,
                                                config::Reader& reader);
void describe_address_line(std::vector<config::KeywordInfo>& out);

}  // namespace holdfast::vrrp
