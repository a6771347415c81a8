// vrrp_strict and strict_mode: what the RFCs of VRRP do not allow is reported and reset
// (runtime.md section 12 of the reference).
#pragma once

#include "vrrp/config/config.h"

namespace holdfast::vrrp {

/// Before the rest of completion.
/// @pre the family is final
void enforce_rfc(Instance& instance, config::Reader& reader);

}  // namespace holdfast::vrrp
