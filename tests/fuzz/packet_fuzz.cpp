// Any bytes as an advertisement that a socket received. The first byte says how it arrived.
#include <cstddef>
#include <cstdint>
#include <span>

#include "daemon/base/assert.h"
#include "vrrp/core/packet.h"

namespace holdfast::vrrp {
namespace {

Arrival arrival_of(std::uint8_t how) {
  Arrival arrival;
  arrival.ttl = (how & 1U) != 0 ? required_ttl : how;
  const bool v6 = (how & 2U) != 0;
  arrival.source = *IpAddress::parse(v6 ? "fe80::1" : "192.0.2.1");
  arrival.destination = *IpAddress::parse(v6 ? "ff02::12" : "224.0.0.18");
  return arrival;
}

void check(Bytes message, const Arrival& arrival) {
  const std::uint8_t vrid = peek_vrid(message);
  const auto parsed = parse(message, arrival);
  if (!parsed) {
    BASE_ASSERT(!to_string(parsed.error()).empty());
    return;
  }
  const Advert& advert = parsed->advert;
  BASE_ASSERT(advert.vrid == vrid);
  BASE_ASSERT(advert.interval > Duration{0});
  // What was understood can be said again and is understood as the same.
  const auto again = encode(advert, arrival.source, arrival.destination, parsed->style);
  const auto same = parse(again, arrival);
  BASE_ASSERT(same.has_value() && same->advert == advert && same->style == parsed->style);
  Expectation expectation;
  expectation.version = advert.version;
  expectation.interval = advert.interval;
  expectation.auth_type = advert.auth_type;
  expectation.password = advert.password;
  expectation.own_address = *IpAddress::parse("192.0.2.99");
  expectation.no_addresses = advert.addresses.empty();
  BASE_ASSERT(!refuses(expectation, advert, arrival.source));
  expectation.own_address = arrival.source;
  BASE_ASSERT(refuses(expectation, advert, arrival.source) == Discard::own);
}

}  // namespace
}  // namespace holdfast::vrrp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span{data, size});
  holdfast::vrrp::check(bytes.subspan(1), holdfast::vrrp::arrival_of(data[0]));
  return 0;
}
