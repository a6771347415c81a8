// Top-level blocks about interfaces and what is kept on them whatever VRRP does: static_ipaddress,
// static_routes, static_rules, interface_up_down_delays, linkbeat_interfaces; linkbeat_use_polling.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "vrrp/config/address_line.h"
#include "vrrp/config/route.h"

namespace holdfast::vrrp {

/// One line of interface_up_down_delays: how long a change of state must last until it counts.
/// Each 0..255 s.
struct InterfaceDelay {
  std::string interface;
  Duration down{0};
  Duration up{0};
  bool operator==(const InterfaceDelay&) const = default;
};

/// How linkbeat_interfaces asks for the state of a link; `automatic` tries them in this order.
enum class LinkbeatMethod : std::uint8_t { mii, ethtool, ioctl, automatic };

/// One line of linkbeat_interfaces.
struct LinkbeatInterface {
  std::string interface;
  LinkbeatMethod method = LinkbeatMethod::automatic;
  bool operator==(const LinkbeatInterface&) const = default;
};

/// A line of static_... that has a track_group: its instances are in FAULT while one of its
/// interfaces is down. @source keepalived 2.2.7
struct TiedLine {
  std::string group;
  config::Place place;                  ///< of the line
  std::vector<std::string> interfaces;  ///< that it names; empty text: default_interface
};

struct StaticConfig {
  std::vector<VirtualAddress> addresses;  ///< static_ipaddress
  std::vector<Route> routes;              ///< static_routes
  std::vector<PolicyRule> rules;          ///< static_rules
  std::vector<TiedLine> tied;
  std::vector<InterfaceDelay> delays;
  std::vector<LinkbeatInterface> linkbeat;
  bool polls_all_links = false;  ///< linkbeat_use_polling outside blocks
};

/// Reads one top-level block if it is one of these. @return false: another keyword
bool read_static(StaticConfig& out, const config::Statement& block, config::Reader& reader);

}  // namespace holdfast::vrrp
