// The interfaces that instances make (use_vmac, use_ipvlan, use_vmac_addr): which ones, and their
// names. vrrp/linux/made_links.h makes them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vrrp/config/config.h"

namespace holdfast::vrrp {

/// RFC 9568 7.3: 00-00-5E-00-01-VRID of IPv4, 00-00-5E-00-02-VRID of IPv6.
MacAddress virtual_mac(Family family, std::uint8_t vrid);

/// Fills Instance::made, and says which of them each address lives on. What cannot be is reported
/// and left out. @pre the family is settled
void settle_links(Instance& instance, config::Reader& reader);

/// Of two links with one configured name the second gets a default one, with a warning.
void report_link_names(std::vector<Instance>& instances, config::Reader& reader);

/// Whether a default name is in the way of something that is not ours.
using NameTaken = std::function<bool(const MadeLink&, const std::string& name)>;
/// Gives a name to the links that have none, and tells the addresses on them. keepalived's names:
/// vrrp.VRID, for IPv6 then vrrp6.VRID, then vrrp1.VRID and so on.
void name_links(std::vector<Instance>& instances, const config::GlobalDefs& globals,
                const NameTaken& is_taken);

}  // namespace holdfast::vrrp
