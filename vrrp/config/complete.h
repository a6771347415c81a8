// Completion: defaults from the globals, and the rules that look at an instance as a whole
// (runtime.md section 12 of the reference; RFC 9568 5.2 and 6.1).
#pragma once

#include "vrrp/config/config.h"

namespace holdfast::vrrp {

/// Fills in the final values. False: the instance cannot run; the reason has been reported.
bool complete(Instance& instance, const config::GlobalDefs& globals, config::Reader& reader);
/// Two instances with one VRID on one interface, one address held twice.
void report_conflicts(const VrrpConfig& config, config::Reader& reader);

}  // namespace holdfast::vrrp
