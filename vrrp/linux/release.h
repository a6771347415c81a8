// What is done for a worker that died and is not started again at once: its addresses go away, so
// that they are not on two hosts when the partner takes over.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/event.h"
#include "daemon/base/fd.h"
#include "vrrp/linux/reconciler.h"

namespace holdfast::vrrp {

/// The record of an address that is held, in the state table.
std::string held_record(const Reconciler::VirtualKey& key);
/// Nothing for a record of something else.
std::optional<Reconciler::VirtualKey> held_address(std::string_view record);

/// Removes every address that the state table says is held. @return the exit status
int release_addresses(const Fd& state, Log& log);

}  // namespace holdfast::vrrp
