// The table without its destinations: what a cheap look tells, and which services must therefore
// be read. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>

#include "ipvs/table.h"

namespace holdfast::ipvs {

struct Outline {
  ServiceSettings settings;
  std::optional<std::size_t> destinations;  ///< how many; nothing: it was not told
  bool operator==(const Outline&) const = default;
};
using Outlines = std::map<ServiceKey, Outline>;

/// Of these services, those that are not as the mirror has them.
std::set<ServiceKey> changed(const Outlines& outlines, const Table& mirror,
                             const std::set<ServiceKey>& among);

/// Some of these services are not fully told by the kernel's socket options.
/// @source ip_vs_ctl.c: they know IPv4 and no persistence engines
bool need_netlink(const Table& mirror, const std::set<ServiceKey>& among);

}  // namespace holdfast::ipvs
