// The IPVS table as values: services, their destinations, and the attributes of both, in the
// kernel's words (linux/ip_vs.h).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "daemon/base/ip.h"

namespace holdfast::ipvs {

/// @source IANA protocol numbers, as in ip_vs_service_user.protocol
enum class Protocol : std::uint8_t { tcp = 6, udp = 17, sctp = 132 };

struct ServiceKey {
  Protocol protocol = Protocol::tcp;
  IpAddress address;
  std::uint16_t port = 0;  ///< 0: every port (persistent services only)
  auto operator<=>(const ServiceKey&) const = default;
};

/// @source linux/ip_vs.h IP_VS_SVC_F_*
namespace service_flag {
inline constexpr std::uint32_t persistent = 0x0001;
inline constexpr std::uint32_t hashed = 0x0002;  ///< set by the kernel itself
inline constexpr std::uint32_t one_packet = 0x0004;
inline constexpr std::uint32_t scheduler_1 = 0x0008;
inline constexpr std::uint32_t scheduler_2 = 0x0010;
inline constexpr std::uint32_t scheduler_3 = 0x0020;
}  // namespace service_flag

struct ServiceSettings {
  std::string scheduler = "wlc";
  std::uint32_t flags = 0;    ///< of service_flag, without `hashed`
  std::uint32_t timeout = 0;  ///< persistence, seconds
  /// Granularity of persistence: a prefix length (IPv4: of the mask). More than an address has
  /// means all of it.
  std::uint32_t prefix = 128;
  bool operator==(const ServiceSettings&) const = default;
};

/// @source linux/ip_vs.h IP_VS_CONN_F_FWD_MASK values
enum class Forwarding : std::uint32_t { masquerade = 0, tunnel = 2, direct_route = 3 };

struct DestinationKey {
  IpAddress address;
  std::uint16_t port = 0;
  auto operator<=>(const DestinationKey&) const = default;
};

struct DestinationSettings {
  Forwarding forwarding = Forwarding::masquerade;
  std::uint32_t weight = 1;  ///< 0: quiescent, established connections go on
  std::uint32_t upper_threshold = 0, lower_threshold = 0;
  bool operator==(const DestinationSettings&) const = default;
};

struct Service {
  ServiceSettings settings;
  std::map<DestinationKey, DestinationSettings> destinations;
  bool operator==(const Service&) const = default;
};

using Table = std::map<ServiceKey, Service>;

/// keepalived's form: `[192.0.2.10]:tcp:80`.
std::string to_string(const ServiceKey& key);
std::string to_string(const DestinationKey& key, Protocol protocol);
std::string_view to_string(Protocol protocol);

/// What the kernel does not distinguish or fills in itself is made equal, so that comparing wanted
/// with actual finds real differences only.
ServiceSettings normalised(const ServiceKey& key, ServiceSettings settings);

}  // namespace holdfast::ipvs
