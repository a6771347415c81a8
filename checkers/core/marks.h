// nftables_ipvs: which firewall mark each group of addresses has, and which packets get it. Pure:
// io/mark_table.h puts it into the kernel.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>

#include "checkers/config/config.h"

namespace holdfast::checkers {

/// Packets of this protocol to these addresses and this port. Two of them have no packet in common,
/// save that one with a port goes before one without.
struct MarkedRange {
  ipvs::Protocol protocol = ipvs::Protocol::tcp;
  IpAddress first, last;
  std::uint16_t port = 0;  ///< 0: every port
  auto operator<=>(const MarkedRange&) const = default;
};
/// With the mark of each; 0: no mark, although a range without a port has them.
using MarkedRanges = std::map<MarkedRange, std::uint32_t>;

/// By VirtualServer::identity().
using Marks = std::map<std::string, std::uint32_t>;

/// Marks that cannot be given.
struct TakenMarks {
  std::set<std::uint32_t> by_configuration;  ///< of virtual_server fwmark and of groups
  std::set<std::uint32_t> by_others;         ///< of services in the kernel that are not ours
};
TakenMarks marks_in(std::span<const VirtualServer> services);

/// A group keeps the mark that it has, since with another one its connections are lost: that of
/// `before`, else that of a range of it in `there`, which a daemon before this one left. The others
/// get the next free ones from `first` on, in the order of the configuration.
Marks give_marks(std::span<const VirtualServer> services, const Marks& before,
                 const MarkedRanges& there, const TakenMarks& taken, std::uint32_t first);

/// What nf_tables must do for these services.
MarkedRanges marked_ranges(std::span<const VirtualServer> services, const Marks& marks);

}  // namespace holdfast::checkers
