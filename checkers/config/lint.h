// Advice about virtual_server blocks.
#pragma once

#include <vector>

#include "checkers/config/config.h"
#include "daemon/config/lint.h"

namespace holdfast::checkers {

/// @source linux/net/netfilter/ipvs/ip_vs_proto_tcp.c: established connections
inline constexpr Duration default_ipvs_tcp_timeout = std::chrono::minutes{15};

std::vector<config::Advice> lint(const CheckersConfig& config, const config::Machine& machine);

}  // namespace holdfast::checkers
