// What is done for a worker that died and is not started again at once: its addresses go away, so
// that they are not on two hosts when the partner takes over.
#pragma once

#include <cstdint>
#include <span>
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

/// The same of an interface that we made, and of a setting that we changed, whose value it was.
std::string made_link_record(const std::string& name);
std::string sysctl_record(const std::string& path);
std::optional<std::string> made_link_of(std::string_view record);
/// The index that the interface had, from the record's value; 0: it was being made.
std::uint32_t made_link_index(std::span<const std::byte> value);
std::optional<std::string> sysctl_of(std::string_view record);
/// Whether an interface of the recorded name is the one that was made; another one is somebody
/// else's. One that was being made when its maker died has no index in the record, and is not up.
bool is_left_over(const Link& link, std::uint32_t recorded);

/// Removes every address and interface that the state table says is held, and puts settings back.
/// @return the exit status
int release_addresses(const Fd& state, Log& log);

}  // namespace holdfast::vrrp
