// The IPVS table as values: services, their destinations, and the attributes of both, in the
// kernel's words (linux/ip_vs.h).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "daemon/base/ip.h"

namespace holdfast::ipvs {

/// @source IANA protocol numbers, as in ip_vs_service_user.protocol
enum class Protocol : std::uint8_t { none = 0, tcp = 6, udp = 17, sctp = 132 };

struct ServiceKey {
  Protocol protocol = Protocol::tcp;
  IpAddress address;
  std::uint16_t port = 0;  ///< 0: every port (persistent services only)
  /// Not 0: packets with this firewall mark. Make it by of_mark().
  std::uint32_t fwmark = 0;
  auto operator<=>(const ServiceKey&) const = default;

  /// The address says the family and nothing else.
  static ServiceKey of_mark(std::uint32_t fwmark, Family family) {
    return {Protocol::none, family == Family::ipv4 ? IpAddress{} : *IpAddress::parse("::"), 0,
            fwmark};
  }
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
  std::string persistence_engine{};  ///< "sip"; empty: by address
  bool operator==(const ServiceSettings&) const = default;
};

/// @source linux/ip_vs.h IP_VS_CONN_F_FWD_MASK values
enum class Forwarding : std::uint32_t { masquerade = 0, tunnel = 2, direct_route = 3 };

/// How packets to a TUN server are wrapped. @source linux/ip_vs.h IP_VS_CONN_F_TUNNEL_TYPE_*
enum class TunnelType : std::uint8_t { ipip, gue, gre };
/// @source linux/ip_vs.h IP_VS_TUNNEL_ENCAP_FLAG_*
enum class TunnelChecksum : std::uint8_t { off, on, remote };
struct Tunnel {
  TunnelType type = TunnelType::ipip;
  std::optional<std::uint16_t> port;  ///< of GUE, always set then
  TunnelChecksum checksum = TunnelChecksum::off;
  auto operator<=>(const Tunnel&) const = default;
};

struct DestinationKey {
  IpAddress address;
  std::uint16_t port = 0;
  auto operator<=>(const DestinationKey&) const = default;
};

struct DestinationSettings {
  Forwarding forwarding = Forwarding::masquerade;
  std::uint32_t weight = 1;  ///< 0: quiescent, established connections go on
  std::uint32_t upper_threshold = 0, lower_threshold = 0;
  Tunnel tunnel{};  ///< counts for Forwarding::tunnel
  bool operator==(const DestinationSettings&) const = default;
};

struct Service {
  ServiceSettings settings;
  std::map<DestinationKey, DestinationSettings> destinations;
  bool operator==(const Service&) const = default;
};

/// Open connections of a destination.
struct Connections {
  std::uint64_t active = 0;    ///< established
  std::uint64_t inactive = 0;  ///< beginning and ending ones; all of UDP
  bool operator==(const Connections&) const = default;
  Connections& operator+=(const Connections& more) {
    active += more.active;
    inactive += more.inactive;
    return *this;
  }
};

using Table = std::map<ServiceKey, Service>;

/// keepalived's form: `[192.0.2.10]:tcp:80`, `FWM 7`.
std::string to_string(const ServiceKey& key);
std::string to_string(const DestinationKey& key, Protocol protocol);
std::string_view to_string(Protocol protocol);

/// What the kernel does not distinguish or fills in itself is made equal, so that comparing wanted
/// with actual finds real differences only.
ServiceSettings normalised(const ServiceKey& key, ServiceSettings settings);

}  // namespace holdfast::ipvs
