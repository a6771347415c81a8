// Advice about vrrp_instance blocks.
#pragma once

#include <vector>

#include "daemon/config/lint.h"
#include "vrrp/config/config.h"

namespace holdfast::vrrp {

std::vector<config::Advice> lint(const VrrpConfig& config, const config::Machine& machine);

}  // namespace holdfast::vrrp
