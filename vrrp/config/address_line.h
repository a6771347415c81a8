// One line of virtual_ipaddress: `ADDRESS[/PREFIX] [option value]...` (keywords.tsv, address line).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/config/schema.h"

namespace holdfast::vrrp {

/// One line of virtual_ipaddress or virtual_ipaddress_excluded.
struct VirtualAddress {
  IpAddress address;
  std::uint8_t prefix_length = 32;
  std::string interface;  ///< where it lives; the instance's own unless `dev` says otherwise
  std::string label;      ///< IFA_LABEL; empty: the interface name
  /// rtnetlink scope: 0 global, 200 site, 253 link, 254 host. @source linux/rtnetlink.h
  std::uint8_t scope = 0;
  std::optional<IpAddress> broadcast;
  bool operator==(const VirtualAddress&) const = default;
};

/// Nothing when the line cannot be used; the reason has been reported.
std::optional<VirtualAddress> read_address_line(const config::Statement& line,
                                                config::Reader& reader);
void describe_address_line(std::vector<config::KeywordInfo>& out);

}  // namespace holdfast::vrrp
