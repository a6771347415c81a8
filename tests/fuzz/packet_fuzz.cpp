// Any bytes as an advertisement that a socket received: IPv4 and IPv6, behind an authentication
// header, with a trailer. The first byte says how it arrived.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "daemon/base/assert.h"
#include "vrrp/core/ah.h"
#include "vrrp/core/hmac_trailer.h"
#include "vrrp/core/neighbour.h"
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

/// What is claimed can be said by us, and is understood as the same.
void check_claims(Bytes message) {
  if (const auto claim = claim_in_arp(message))
    BASE_ASSERT(claim_in_arp(gratuitous_arp(claim->mac, claim->address)) == claim);
  constexpr std::size_t ip_header = 40;
  if (const auto claim = claim_in_advertisement(message)) {
    const auto ours = unsolicited_advertisement(claim->mac, claim->address, true);
    BASE_ASSERT(claim_in_advertisement(Bytes{ours}.subspan(ip_header)) == claim);
  }
}

/// Whatever stands behind the IP header of auth_type AH.
void check_ah(Bytes packet, const Arrival& arrival) {
  AhSequence sequence;
  const auto opened = open_ah(packet, arrival, "secret", sequence);
  if (opened) BASE_ASSERT(opened->size() == packet.size() - ah_size && sequence.last() > 0);
  // As the body of a packet that is sealed, it is opened again, once.
  const AhOrder order{arrival.source, arrival.destination, arrival.ttl, 1, 7};
  const auto sealed = seal_ah(packet, order, "secret");
  constexpr std::size_t ip_header = 20;
  Arrival again = arrival;
  again.ip_header = Bytes{sealed}.first(ip_header);
  AhSequence fresh;
  const auto body = open_ah(Bytes{sealed}.subspan(ip_header), again, "secret", fresh);
  BASE_ASSERT(body && std::ranges::equal(*body, packet) && fresh.last() == 7);
  BASE_ASSERT(!open_ah(Bytes{sealed}.subspan(ip_header), again, "secret", fresh));
}

/// Whatever stands behind an advert where auth_hmac is on.
void check_trailer(Bytes message, const Arrival& arrival) {
  Reception reception;
  reception.trailer = true;
  const auto parsed = parse(message, arrival, reception);
  if (!parsed) return;
  HmacPolicy policy;
  policy.keys.emplace(std::uint8_t{1}, Secret{std::string(32, 'k')});
  policy.active_key = 1;
  constexpr HmacSequence clock = HmacSequence{1'795'230'186} << 32;
  HmacReceiver receiver;
  const auto refused = receiver.check(*parsed, message, arrival.source, policy, clock);
  BASE_ASSERT(parsed->has_trailer || refused == Discard::hmac_missing);
  // Signed by us, it is taken.
  const Bytes advert =
      message.first(message.size() - (parsed->has_trailer ? hmac_trailer_size : 0));
  std::vector<std::byte> ours{advert.begin(), advert.end()};
  sign(ours, arrival.source, arrival.destination, policy, clock);
  const auto again = parse(ours, arrival, reception);
  BASE_ASSERT(again && again->has_trailer && again->advert == parsed->advert);
  BASE_ASSERT(!receiver.check(*again, ours, arrival.source, policy, clock));
}

}  // namespace
}  // namespace holdfast::vrrp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span{data, size});
  auto arrival = holdfast::vrrp::arrival_of(data[0]);
  holdfast::vrrp::check(bytes.subspan(1), arrival);
  holdfast::vrrp::check_claims(bytes.subspan(1));
  holdfast::vrrp::check_trailer(bytes.subspan(1), arrival);
  constexpr std::size_t ip_header = 20, most = 2000;
  if (arrival.source.is_v6() || size > most) return 0;
  holdfast::vrrp::check_ah(bytes.subspan(1), arrival);
  if (size <= ip_header) return 0;
  arrival.ip_header = bytes.subspan(1, ip_header);
  holdfast::vrrp::check_ah(bytes.subspan(1 + std::min(ip_header, size - 1)), arrival);
  return 0;
}
