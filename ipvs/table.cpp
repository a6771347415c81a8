#include "ipvs/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::ipvs {

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::none:
      return "none";
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::sctp:
      return "sctp";
  }
  return "?";
}

std::string to_string(const ServiceKey& key) {
  if (key.fwmark != 0) return fmt::format("FWM {}", key.fwmark);
  return fmt::format("[{}]:{}:{}", key.address.to_string(), to_string(key.protocol), key.port);
}

std::string to_string(const DestinationKey& key, Protocol protocol) {
  return fmt::format("[{}]:{}:{}", key.address.to_string(), to_string(protocol), key.port);
}

ServiceSettings normalised(const ServiceKey& key, ServiceSettings settings) {
  settings.flags &= ~service_flag::hashed;
  if ((settings.flags & service_flag::persistent) == 0) {
    settings.timeout = 0;  // means nothing without persistence, and tools write what they like
    settings.prefix = 0;
    settings.persistence_engine.clear();
  }
  settings.prefix = std::min<std::uint32_t>(settings.prefix, key.address.bits());
  return settings;
}

}  // namespace holdfast::ipvs
