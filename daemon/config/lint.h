// Advice about configurations that parse, run, and still bite. Pure: what is known of the machine
// comes in as values. The rules are in vrrp/config/lint.cpp and checkers/config/lint.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/diagnostic.h"

namespace holdfast::config {

/// A finding of lint. `id` names the rule: it is what `holdfast: ignore ID` and `--ignore ID` take.
struct Advice {
  std::string_view id;
  Place place;
  std::string message;  ///< what, why it bites, and what to do
};

/// An address of an interface with the network it is connected to.
struct ConnectedAddress {
  std::string interface;
  IpAddress address;
  std::uint8_t prefix_length = 32;
};

/// The machine that the configuration is for.
struct Machine {
  std::set<std::string> interfaces;
  std::vector<ConnectedAddress> addresses;
  /// net.ipv4.tcp_keepalive_time. Nothing: not readable, as of every time below.
  std::optional<Duration> tcp_keepalive_time;
  /// net.netfilter.nf_conntrack_tcp_timeout_established
  std::optional<Duration> conntrack_established;
};

/// Whether `address` lies in the network of `connected`.
bool is_inside(const IpAddress& address, const ConnectedAddress& connected);

/// The advice that is not silenced: by `ignored`, or by a comment `holdfast: ignore ID` on the line
/// or on one of its own right above it.
std::vector<Advice> without_ignored(std::vector<Advice> advice, const Text& text,
                                    const std::set<std::string, std::less<>>& ignored);

}  // namespace holdfast::config
