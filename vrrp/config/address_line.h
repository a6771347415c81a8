// One line of addresses: `ADDRESS[/PREFIX] [option value]...` (keywords.tsv, address line).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/config/schema.h"
#include "vrrp/config/words.h"

namespace holdfast::vrrp {

/// One line of virtual_ipaddress, virtual_ipaddress_excluded or static_ipaddress.
struct VirtualAddress {
  IpAddress address;
  std::uint8_t prefix_length = 32;
  std::string interface;  ///< where it lives; the instance's own unless `dev` says otherwise
  std::string label;      ///< IFA_LABEL; empty: the interface name
  /// rtnetlink scope: 0 global, 200 site, 253 link, 254 host. @source linux/rtnetlink.h
  std::uint8_t scope = 0;
  std::optional<IpAddress> broadcast;
  std::optional<IpAddress> peer;  ///< the other end of a point-to-point link
  /// Until it is no longer a source of new connections; max(): forever. Default: 0 for an IPv6
  /// address with /128, else forever.
  std::optional<std::chrono::seconds> preferred_lifetime;
  bool home = false;               ///< IPv6 mobility
  bool detect_duplicates = false;  ///< IPv6: DAD is done, which else is left out
  bool temporary = false;          ///< mngtmpaddr: a template for temporary addresses
  bool no_prefix = false;          ///< noprefixroute
  bool autojoin = false;           ///< join the multicast group
  bool use_vmac = false;           ///< on another interface: through a VMAC there
  /// The interface that the instance makes and the address lives on: index in Instance::made.
  std::optional<std::size_t> made;

  // Read and checked, and not acted on yet.
  bool no_track = false;    ///< do not act when others remove it
  std::string track_group;  ///< static addresses only
  bool operator==(const VirtualAddress&) const = default;
};

/// Nothing when the line cannot be used; the reason has been reported.
std::optional<VirtualAddress> read_address_line(const config::Statement& line, LineUse use,
                                                config::Reader& reader);
void describe_address_line(std::vector<config::KeywordInfo>& out);

}  // namespace holdfast::vrrp
