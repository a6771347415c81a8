// Routes of a VRF: which table its interface has.
#pragma once

#include "vrrp/config/route.h"
#include "vrrp/linux/links.h"

namespace holdfast::vrrp {

/// The route as it is now: with the table of its VRF, if it names one.
/// @param place for a changed copy, which the result may be
/// @return null while there is no such VRF
inline const Route* in_vrf(const Route& route, const Links& links, Route& place) {
  if (route.vrf.empty()) return &route;
  const Link* const vrf = links.find(route.vrf);
  if (vrf == nullptr || vrf->kind != "vrf") return nullptr;
  place = route;
  place.table = Id{vrf->table, {}};
  return &place;
}

}  // namespace holdfast::vrrp
