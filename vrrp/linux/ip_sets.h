// ipsets. Only ip_sets.cpp knows libipset.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "daemon/base/ip.h"
#include "daemon/base/result.h"

namespace holdfast::vrrp {

using IpSetEntries = std::set<std::string>;

/// Makes a set, or gives the one of the name these entries in one step.
/// @param with_interfaces its entries are an address and an interface
Result<void> fill_ip_set(const std::string& name, Family family, bool with_interfaces,
                         const IpSetEntries& entries);
Result<void> add_to_ip_set(const std::string& name, const IpSetEntries& entries);
Result<void> remove_from_ip_set(const std::string& name, const IpSetEntries& entries);
/// One that is not there is no error.
Result<void> destroy_ip_set(const std::string& name);
/// Error with code ENOENT: there is no such set.
Result<IpSetEntries> entries_of_ip_set(const std::string& name);
/// The number by which rules know it. Error with code ENOENT: there is no such set.
Result<std::uint16_t> index_of_ip_set(const std::string& name);

}  // namespace holdfast::vrrp
