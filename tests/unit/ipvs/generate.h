// Generated IPVS tables. The universe of keys is small, so that two tables share services and
// destinations and every kind of difference between them is met.
#pragma once

#include <rapidcheck.h>

#include "ipvs/table.h"

namespace holdfast::ipvs {

inline IpAddress address_number(std::uint32_t number) {
  if (number % 3 != 0) return IpAddress::v4(0x0A000000U + number);
  std::array<std::byte, 16> bytes{std::byte{0xFD}};
  bytes[15] = static_cast<std::byte>(number);
  return IpAddress::v6(bytes);
}

inline rc::Gen<IpAddress> any_address() {
  return rc::gen::map(rc::gen::inRange(1U, 5U), address_number);
}

inline rc::Gen<ServiceKey> any_mark_key() {
  return rc::gen::map(
      rc::gen::pair(rc::gen::inRange(1U, 4U), rc::gen::element(Family::ipv4, Family::ipv6)),
      [](const auto& mark) { return ServiceKey::of_mark(mark.first, mark.second); });
}

inline rc::Gen<ServiceKey> any_address_key() {
  return rc::gen::build<ServiceKey>(
      rc::gen::set(&ServiceKey::protocol,
                   rc::gen::element(Protocol::tcp, Protocol::udp, Protocol::sctp)),
      rc::gen::set(&ServiceKey::address, any_address()),
      rc::gen::set(&ServiceKey::port, rc::gen::element<std::uint16_t>(0, 80, 443)));
}

inline rc::Gen<ServiceKey> any_service_key() {
  return rc::gen::weightedOneOf<ServiceKey>({{3, any_address_key()}, {1, any_mark_key()}});
}

inline rc::Gen<ServiceSettings> any_service_settings() {
  return rc::gen::build<ServiceSettings>(
      rc::gen::set(&ServiceSettings::scheduler, rc::gen::element<std::string>("rr", "wlc", "sh")),
      rc::gen::set(&ServiceSettings::flags, rc::gen::inRange(0U, 0x40U)),
      rc::gen::set(&ServiceSettings::timeout, rc::gen::element(0U, 1U, 360U, 2678400U)),
      rc::gen::set(&ServiceSettings::prefix, rc::gen::element(1U, 24U, 32U, 128U)));
}

inline rc::Gen<DestinationKey> any_destination_key() {
  return rc::gen::build<DestinationKey>(
      rc::gen::set(&DestinationKey::address, any_address()),
      rc::gen::set(&DestinationKey::port, rc::gen::element<std::uint16_t>(80, 8080)));
}

inline rc::Gen<DestinationSettings> any_destination_settings() {
  return rc::gen::build<DestinationSettings>(
      rc::gen::set(
          &DestinationSettings::forwarding,
          rc::gen::element(Forwarding::masquerade, Forwarding::tunnel, Forwarding::direct_route)),
      rc::gen::set(&DestinationSettings::weight, rc::gen::element(0U, 1U, 100U, 65535U)),
      rc::gen::set(&DestinationSettings::upper_threshold, rc::gen::element(0U, 10U)),
      rc::gen::set(&DestinationSettings::lower_threshold, rc::gen::element(0U, 5U)));
}

inline rc::Gen<Service> any_service() {
  return rc::gen::build<Service>(
      rc::gen::set(&Service::settings, any_service_settings()),
      rc::gen::set(&Service::destinations,
                   rc::gen::container<std::map<DestinationKey, DestinationSettings>>(
                       any_destination_key(), any_destination_settings())));
}

inline rc::Gen<Table> any_table() {
  return rc::gen::resize(8, rc::gen::container<Table>(any_service_key(), any_service()));
}

inline rc::Gen<std::set<ServiceKey>> any_service_keys() {
  return rc::gen::resize(8, rc::gen::container<std::set<ServiceKey>>(any_service_key()));
}

}  // namespace holdfast::ipvs
