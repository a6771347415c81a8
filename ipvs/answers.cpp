#include "ipvs/answers.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string>

namespace holdfast::ipvs {
namespace {

template <typename Number>
Number number_in(nlattr* attribute, Number fallback = {}) {
  if (attribute == nullptr || nla_len(attribute) < static_cast<int>(sizeof(Number)))
    return fallback;
  Number value{};
  std::memcpy(&value, nla_data(attribute), sizeof value);
  return value;
}

std::optional<IpAddress> address_in(nlattr* attribute, int family) {
  const std::size_t size = family == AF_INET ? 4 : 16;
  if (attribute == nullptr || nla_len(attribute) < static_cast<int>(size)) return std::nullopt;
  return IpAddress::from_bytes({static_cast<const std::byte*>(nla_data(attribute)), size});
}

std::string string_in(nlattr* attribute) {
  if (attribute == nullptr) return {};
  const char* text = static_cast<const char*>(nla_data(attribute));
  return {text, ::strnlen(text, static_cast<std::size_t>(nla_len(attribute)))};
}

/// The attributes nested in one of a dumped message; empty when it has none.
template <std::size_t Size>
bool nested(std::array<nlattr*, Size>& table, nlmsghdr* message, int type) {
  nlattr* outer = nlmsg_find_attr(message, GENL_HDRLEN, type);
  return outer != nullptr &&
         nla_parse_nested(table.data(), static_cast<int>(Size) - 1, outer, nullptr) == 0;
}

using ServiceAttributes = std::array<nlattr*, IPVS_SVC_ATTR_MAX + 1>;

std::optional<ServiceKey> service_key_in(const ServiceAttributes& attributes, int family) {
  if (const auto mark = number_in<std::uint32_t>(attributes[IPVS_SVC_ATTR_FWMARK]); mark != 0)
    return ServiceKey::of_mark(mark, family == AF_INET ? Family::ipv4 : Family::ipv6);
  const auto address = address_in(attributes[IPVS_SVC_ATTR_ADDR], family);
  if (!address) return std::nullopt;
  return ServiceKey{
      static_cast<Protocol>(number_in<std::uint16_t>(attributes[IPVS_SVC_ATTR_PROTOCOL])), *address,
      ntohs(number_in<std::uint16_t>(attributes[IPVS_SVC_ATTR_PORT]))};
}

Tunnel tunnel_in(const std::array<nlattr*, IPVS_DEST_ATTR_MAX + 1>& attributes) {
  Tunnel tunnel;
  tunnel.type =
      static_cast<TunnelType>(number_in<std::uint8_t>(attributes[IPVS_DEST_ATTR_TUN_TYPE]));
  if (const auto port = ntohs(number_in<std::uint16_t>(attributes[IPVS_DEST_ATTR_TUN_PORT])))
    tunnel.port = port;
  const auto flags = number_in<std::uint16_t>(attributes[IPVS_DEST_ATTR_TUN_FLAGS]);
  tunnel.checksum = (flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM) != 0 ? TunnelChecksum::remote
                    : (flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM) != 0  ? TunnelChecksum::on
                                                                   : TunnelChecksum::off;
  return tunnel;
}

using DestinationAttributes = std::array<nlattr*, IPVS_DEST_ATTR_MAX + 1>;

std::optional<DestinationKey> destination_key(const DestinationAttributes& attributes,
                                              const ServiceKey& service) {
  const int family = number_in<std::uint16_t>(attributes[IPVS_DEST_ATTR_ADDR_FAMILY],
                                              service.address.is_v4() ? AF_INET : AF_INET6);
  const auto address = address_in(attributes[IPVS_DEST_ATTR_ADDR], family);
  if (!address) return std::nullopt;
  return DestinationKey{*address, ntohs(number_in<std::uint16_t>(attributes[IPVS_DEST_ATTR_PORT]))};
}

Connections connections_in(const DestinationAttributes& attributes) {
  return {number_in<std::uint32_t>(attributes[IPVS_DEST_ATTR_ACTIVE_CONNS]),
          number_in<std::uint32_t>(attributes[IPVS_DEST_ATTR_INACT_CONNS])};
}

/// A counter of 32 or 64 bits. Nothing: there is none, or it is of another size.
std::optional<std::uint64_t> counter_in(nlattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  if (nla_len(attribute) == sizeof(std::uint64_t)) return number_in<std::uint64_t>(attribute);
  if (nla_len(attribute) == sizeof(std::uint32_t)) return number_in<std::uint32_t>(attribute);
  return std::nullopt;
}

/// @param wide,narrow the counters of 64 bits and of 32; one of them may be missing
Result<Traffic> traffic_in(nlattr* wide, nlattr* narrow) {
  nlattr* const found = wide != nullptr ? wide : narrow;
  if (found == nullptr) return fail("the kernel's answer has no statistics");
  std::array<nlattr*, IPVS_STATS_ATTR_MAX + 1> attributes{};
  if (nla_parse_nested(attributes.data(), IPVS_STATS_ATTR_MAX, found, nullptr) != 0)
    return fail("the kernel's statistics are not understood");
  Traffic traffic;
  const auto read = [&](Counts& counts, int first) {
    for (std::uint64_t* counter : {&counts.connections, &counts.packets_in, &counts.packets_out,
                                   &counts.bytes_in, &counts.bytes_out}) {
      const auto value = counter_in(attributes[static_cast<std::size_t>(first)]);
      if (!value) return first;
      *counter = *value;
      ++first;
    }
    return 0;
  };
  int missing = read(traffic.total, IPVS_STATS_ATTR_CONNS);
  if (missing == 0) missing = read(traffic.per_second, IPVS_STATS_ATTR_CPS);
  if (missing != 0)
    return fail("the kernel's statistics are incomplete: counter {} is missing or of a wrong size",
                missing);
  return traffic;
}

}  // namespace

void read_service(nlmsghdr* message, Table& table) {
  ServiceAttributes attributes{};
  if (!nested(attributes, message, IPVS_CMD_ATTR_SERVICE)) return;
  const int family = number_in<std::uint16_t>(attributes[IPVS_SVC_ATTR_AF]);
  const auto key = service_key_in(attributes, family);
  if (!key) return;
  ServiceSettings& settings = table[*key].settings;
  settings.scheduler = string_in(attributes[IPVS_SVC_ATTR_SCHED_NAME]);
  settings.flags =
      number_in<ip_vs_flags>(attributes[IPVS_SVC_ATTR_FLAGS]).flags & ~service_flag::hashed;
  settings.timeout = number_in<std::uint32_t>(attributes[IPVS_SVC_ATTR_TIMEOUT]);
  const auto mask = number_in<std::uint32_t>(attributes[IPVS_SVC_ATTR_NETMASK]);
  settings.prefix = key->address.is_v4() ? static_cast<std::uint32_t>(std::popcount(mask)) : mask;
  settings.persistence_engine = string_in(attributes[IPVS_SVC_ATTR_PE_NAME]);
}

void read_connections(nlmsghdr* message, const ServiceKey& service,
                      std::map<DestinationKey, Connections>& open) {
  DestinationAttributes attributes{};
  if (!nested(attributes, message, IPVS_CMD_ATTR_DEST)) return;
  if (const auto key = destination_key(attributes, service))
    open[*key] = connections_in(attributes);
}

void read_destination(nlmsghdr* message, const ServiceKey& service, Table& table) {
  DestinationAttributes attributes{};
  if (!nested(attributes, message, IPVS_CMD_ATTR_DEST)) return;
  const auto key = destination_key(attributes, service);
  if (!key) return;
  DestinationSettings& settings = table[service].destinations[*key];
  constexpr std::uint32_t forwarding_mask = IP_VS_CONN_F_FWD_MASK;
  settings.forwarding = static_cast<Forwarding>(
      number_in<std::uint32_t>(attributes[IPVS_DEST_ATTR_FWD_METHOD]) & forwarding_mask);
  settings.weight = number_in<std::uint32_t>(attributes[IPVS_DEST_ATTR_WEIGHT]);
  settings.upper_threshold = number_in<std::uint32_t>(attributes[IPVS_DEST_ATTR_U_THRESH]);
  settings.lower_threshold = number_in<std::uint32_t>(attributes[IPVS_DEST_ATTR_L_THRESH]);
  if (settings.forwarding == Forwarding::tunnel) settings.tunnel = tunnel_in(attributes);
}

void read_daemon(nlmsghdr* message, std::map<SyncRole, SyncSettings>& daemons) {
  std::array<nlattr*, IPVS_DAEMON_ATTR_MAX + 1> attributes{};
  if (!nested(attributes, message, IPVS_CMD_ATTR_DAEMON)) return;
  SyncSettings settings;
  settings.interface = string_in(attributes[IPVS_DAEMON_ATTR_MCAST_IFN]);
  settings.sync_id =
      static_cast<std::uint8_t>(number_in<std::uint32_t>(attributes[IPVS_DAEMON_ATTR_SYNC_ID]));
  settings.max_length = number_in<std::uint16_t>(attributes[IPVS_DAEMON_ATTR_SYNC_MAXLEN]);
  settings.port = number_in<std::uint16_t>(attributes[IPVS_DAEMON_ATTR_MCAST_PORT]);
  settings.ttl = number_in<std::uint8_t>(attributes[IPVS_DAEMON_ATTR_MCAST_TTL]);
  settings.group = address_in(attributes[IPVS_DAEMON_ATTR_MCAST_GROUP], AF_INET);
  if (!settings.group)
    settings.group = address_in(attributes[IPVS_DAEMON_ATTR_MCAST_GROUP6], AF_INET6);
  const auto role = number_in<std::uint32_t>(attributes[IPVS_DAEMON_ATTR_STATE]);
  if (role == IP_VS_STATE_MASTER || role == IP_VS_STATE_BACKUP)
    daemons.emplace(static_cast<SyncRole>(role), std::move(settings));
}

Timeouts read_timeouts(nlmsghdr* message) {
  std::array<nlattr*, IPVS_CMD_ATTR_MAX + 1> attributes{};
  if (genlmsg_parse(message, 0, attributes.data(), IPVS_CMD_ATTR_MAX, nullptr) != 0) return {};
  return {number_in<std::uint32_t>(attributes[IPVS_CMD_ATTR_TIMEOUT_TCP]),
          number_in<std::uint32_t>(attributes[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]),
          number_in<std::uint32_t>(attributes[IPVS_CMD_ATTR_TIMEOUT_UDP])};
}

Result<Traffic> read_service_traffic(nlmsghdr* message) {
  ServiceAttributes attributes{};
  if (!nested(attributes, message, IPVS_CMD_ATTR_SERVICE))
    return fail("the kernel's answer has no service");
  return traffic_in(attributes[IPVS_SVC_ATTR_STATS64], attributes[IPVS_SVC_ATTR_STATS]);
}

Result<void> read_destination_statistics(nlmsghdr* message, const ServiceKey& service,
                                         std::map<DestinationKey, DestinationStatistics>& found) {
  DestinationAttributes attributes{};
  if (!nested(attributes, message, IPVS_CMD_ATTR_DEST))
    return fail("the kernel's answer has no destination");
  const auto key = destination_key(attributes, service);
  if (!key) return fail("the kernel's answer has a destination without an address");
  const auto traffic =
      traffic_in(attributes[IPVS_DEST_ATTR_STATS64], attributes[IPVS_DEST_ATTR_STATS]);
  if (!traffic) return tl::make_unexpected(traffic.error());
  found[*key] = {*traffic, connections_in(attributes),
                 number_in<std::uint32_t>(attributes[IPVS_DEST_ATTR_PERSIST_CONNS])};
  return {};
}

}  // namespace holdfast::ipvs
