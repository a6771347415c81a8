#include "vrrp/config/virtual_links.h"

#include <algorithm>
#include <set>

namespace holdfast::vrrp {
namespace {

using config::Reader;

MacAddress mac_of(const Instance& instance) {
  MacAddress mac = virtual_mac(instance.family, instance.vrid());
  if (instance.links.vmac) std::ranges::copy(instance.links.vmac->mac, mac.begin());
  return mac;
}

MadeLink vmac_on(const Instance& instance, const std::string& base) {
  MadeLink link;
  link.base = base;
  link.mac = mac_of(instance);
  if (!instance.links.vmac) return link;
  link.group = instance.links.vmac->group;
  link.notifies_base = instance.links.vmac->netlink_notify;
  return link;
}

MadeLink own_link_of(const Instance& instance) {
  if (instance.links.vmac) {
    MadeLink link = vmac_on(instance, instance.interface);
    link.name = instance.links.vmac->interface;
    link.has_default_name = link.name.empty();
    return link;
  }
  const Ipvlan& ipvlan = *instance.links.ipvlan;
  MadeLink link;
  link.kind = MadeLink::Kind::ipvlan;
  link.name = ipvlan.interface;
  link.has_default_name = link.name.empty();
  link.base = instance.interface;
  link.mode = ipvlan.mode;
  link.group = ipvlan.group;
  return link;
}

/// The VMAC of this instance on another interface, which its addresses there share.
std::size_t vmac_for(Instance& instance, const std::string& base) {
  for (std::size_t i = 0; i < instance.made.size(); ++i)
    if (instance.made[i].base == base && instance.made[i].kind == MadeLink::Kind::macvlan) return i;
  instance.made.push_back(vmac_on(instance, base));
  return instance.made.size() - 1;
}

void place_addresses(Instance& instance) {
  for (auto* list : {&instance.addresses, &instance.excluded})
    for (VirtualAddress& address : *list) {
      const bool elsewhere = !address.interface.empty() && address.interface != instance.interface;
      if (address.interface.empty() && instance.has_own_link())
        address.made = 0;
      else if (elsewhere && (address.use_vmac || instance.links.vmac_for_addresses))
        address.made = vmac_for(instance, address.interface);
      if (!address.made) continue;
      MadeLink& link = instance.made[*address.made];
      link.carries_ipv6 |= address.address.is_v6();
      address.interface = link.base;
    }
}

/// use_ipvlan ADDR: the source of adverts, and held as the others are.
void settle_ipvlan_address(Instance& instance, Reader& reader) {
  if (!instance.links.ipvlan || !instance.links.ipvlan->address) return;
  const Prefix& prefix = *instance.links.ipvlan->address;
  if (prefix.address.family() != instance.family) {
    reader.warn(instance.place_of("use_ipvlan"),
                fmt::format("vrrp_instance {}: {} is not of the family of its addresses; it is "
                            "left out",
                            instance.name, prefix.address.to_string()));
    return;
  }
  if (!instance.mcast_src_ip) instance.mcast_src_ip = prefix.address;
  instance.track_src_ip = false;  // it is there while the instance is Active
  VirtualAddress& own = instance.excluded.emplace_back();
  own.address = prefix.address;
  own.prefix_length = prefix.length;
}

std::string default_name(const std::string& prefix, const std::string& counter, std::uint8_t vrid) {
  const std::string end = fmt::format("{}.{}", counter, vrid);
  return prefix.substr(0, longest_interface_name - end.size()) + end;
}

}  // namespace

MacAddress virtual_mac(Family family, std::uint8_t vrid) {
  constexpr std::uint8_t v4 = 1;
  constexpr std::uint8_t v6 = 2;
  return {0, 0, 0x5e, 0, family == Family::ipv4 ? v4 : v6, vrid};
}

void settle_links(Instance& instance, Reader& reader) {
  VirtualLinks& links = instance.links;
  const auto leave_out = [&](std::string_view keyword, std::string_view why) {
    reader.warn(instance.place_of(keyword),
                fmt::format("vrrp_instance {}: {}; {} is left out", instance.name, why, keyword));
  };
  if (links.vmac && links.ipvlan) {
    leave_out("use_ipvlan", "an instance has a VMAC or an ipvlan, not both");
    links.ipvlan.reset();
  }
  if (instance.interface.empty() && links.vmac) {
    leave_out("use_vmac", "a VMAC needs the interface that it is made on");
    links.vmac.reset();
  }
  if (instance.interface.empty() && links.ipvlan) {
    leave_out("use_ipvlan", "an ipvlan needs the interface that it is made on");
    links.ipvlan.reset();
  }
  if (links.send_from_base && !instance.has_own_link()) {
    leave_out("vmac_xmit_base", "there is no use_vmac");
    links.send_from_base = false;
  }
  // Unicast packets are routed, and neighbours know routers by their own MAC addresses.
  if (instance.is_unicast() && instance.has_own_link()) links.send_from_base = true;
  instance.made.clear();
  if (instance.has_own_link()) {
    instance.made.push_back(own_link_of(instance));
    instance.made.front().carries_ipv6 = instance.family == Family::ipv6;
  }
  settle_ipvlan_address(instance, reader);
  place_addresses(instance);
}

void report_link_names(std::vector<Instance>& instances, Reader& reader) {
  std::set<std::string> used;
  for (const Instance& instance : instances) used.insert(instance.device());
  for (Instance& instance : instances)
    for (MadeLink& link : instance.made) {
      if (link.has_default_name || used.insert(link.name).second) continue;
      reader.warn(instance.place_of(instance.links.vmac ? "use_vmac" : "use_ipvlan"),
                  fmt::format("vrrp_instance {}: interface {} is used already; this one gets a "
                              "default name",
                              instance.name, link.name));
      link.name.clear();
      link.has_default_name = true;
    }
}

void name_links(std::vector<Instance>& instances, const config::GlobalDefs& globals,
                const NameTaken& is_taken) {
  std::set<std::string> used;
  for (const Instance& instance : instances) {
    used.insert(instance.device());
    for (const MadeLink& link : instance.made) used.insert(link.name);
  }
  for (Instance& instance : instances) {
    for (MadeLink& link : instance.made) {
      if (!link.name.empty()) continue;
      const bool own = instance.own_link() == &link;
      const std::string& prefix = own || globals.vrrp.vmac_addr_prefix.empty()
                                      ? globals.vrrp.vmac_prefix
                                      : globals.vrrp.vmac_addr_prefix;
      const auto is_free = [&](const std::string& name) {
        return !used.contains(name) && !is_taken(link, name);
      };
      link.name = default_name(prefix, "", instance.vrid());
      if (instance.family == Family::ipv6 && !is_free(link.name))
        link.name = default_name(prefix, "6", instance.vrid());
      for (unsigned i = 1; !is_free(link.name); ++i)
        link.name = default_name(prefix, std::to_string(i), instance.vrid());
      used.insert(link.name);
    }
    for (auto* list : {&instance.addresses, &instance.excluded})
      for (VirtualAddress& address : *list)
        if (address.made) address.interface = instance.made[*address.made].name;
  }
}

}  // namespace holdfast::vrrp
