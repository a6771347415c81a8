// What each instance tracks in the end: its own lines and those of its sync group, with the weights
// that count.
#pragma once

#include "vrrp/config/config.h"

namespace holdfast::vrrp {

/// Fills Instance::tracked. What keepalived leaves out is left out and reported: references to
/// nothing, weights of an address owner, weights in a sync group (runtime.md 9.1 and 9.7 of the
/// reference).
void complete_tracking(VrrpConfig& config, config::Reader& reader);

}  // namespace holdfast::vrrp
