#include "checkers/core/leaving.h"

#include "checkers/core/kept_time.h"

namespace holdfast::checkers {
namespace {

constexpr std::uint16_t no_port = 0;  ///< of a tunnel: GUE has one that is not 0

std::optional<ipvs::Forwarding> forwarding_of(std::uint8_t number) {
  for (const auto forwarding :
       {ipvs::Forwarding::masquerade, ipvs::Forwarding::tunnel, ipvs::Forwarding::direct_route})
    if (static_cast<std::uint8_t>(forwarding) == number) return forwarding;
  return std::nullopt;
}

}  // namespace

std::vector<std::byte> to_bytes(const LeavingServer& server) {
  ByteWriter out;
  const ipvs::DestinationSettings& settings = server.settings;
  out.u8(static_cast<std::uint8_t>(settings.forwarding));
  out.u32(settings.upper_threshold);
  out.u32(settings.lower_threshold);
  out.u8(static_cast<std::uint8_t>(settings.tunnel.type));
  out.u8(static_cast<std::uint8_t>(settings.tunnel.checksum));
  out.u16(settings.tunnel.port.value_or(no_port));
  put(out, server.since);
  out.u16(server.key.port);
  out.append(server.key.address.bytes());
  return out.take();
}

std::optional<LeavingServer> leaving_server(Bytes bytes) {
  ByteReader in{bytes};
  LeavingServer server;
  ipvs::DestinationSettings& settings = server.settings;
  const auto forwarding = forwarding_of(in.u8());
  settings.weight = 0;
  settings.upper_threshold = in.u32();
  settings.lower_threshold = in.u32();
  const std::uint8_t type = in.u8();
  const std::uint8_t checksum = in.u8();
  settings.tunnel.type = static_cast<ipvs::TunnelType>(type);
  settings.tunnel.checksum = static_cast<ipvs::TunnelChecksum>(checksum);
  if (const std::uint16_t port = in.u16(); port != no_port) settings.tunnel.port = port;
  server.since = take_time(in);
  server.key.port = in.u16();
  const auto address = IpAddress::from_bytes(in.rest());
  if (!in.good() || !forwarding || !address ||
      type > static_cast<std::uint8_t>(ipvs::TunnelType::gre) ||
      checksum > static_cast<std::uint8_t>(ipvs::TunnelChecksum::remote))
    return std::nullopt;
  settings.forwarding = *forwarding;
  server.key.address = *address;
  return server;
}

}  // namespace holdfast::checkers
