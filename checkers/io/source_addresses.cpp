#include "checkers/io/source_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <memory>

#include "daemon/base/free_with.h"
#include "daemon/netlink/route_lookup.h"

namespace holdfast::checkers {
namespace {

std::optional<IpAddress> address_of(const sockaddr* from) {
  if (from == nullptr) return std::nullopt;
  if (from->sa_family == AF_INET)
    return IpAddress::from_bytes(
        std::as_bytes(std::span{&reinterpret_cast<const sockaddr_in*>(from)->sin_addr, 1}));
  if (from->sa_family == AF_INET6)
    return IpAddress::from_bytes(
        std::as_bytes(std::span{&reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr, 1}));
  return std::nullopt;
}

unsigned ones(const IpAddress& mask) {
  unsigned count = 0;
  for (const std::byte byte : mask.bytes())
    count += static_cast<unsigned>(std::popcount(std::to_integer<unsigned>(byte)));
  return count;
}

/// Those of a network, and not of a single host: nobody else is told that those are here.
std::vector<SourceAddresses::Own> read_addresses() {
  std::vector<SourceAddresses::Own> own;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return own;
  const std::unique_ptr<ifaddrs, FreeWith<freeifaddrs>> list{first};
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    const auto address = address_of(entry->ifa_addr);
    const auto mask = address_of(entry->ifa_netmask);
    if (!address || !mask || address->is_link_local() || address->bytes()[0] == std::byte{127})
      continue;
    if (ones(*mask) < address->bits()) own.push_back({*address, ones(*mask)});
  }
  return own;
}

bool is_in_network(const IpAddress& address, const SourceAddresses::Own& own) {
  if (address.family() != own.address.family()) return false;
  for (unsigned bit = 0; bit < own.prefix; ++bit) {
    const auto at = [&](const IpAddress& of) {
      return (std::to_integer<unsigned>(of.bytes()[bit / 8]) >> (7 - bit % 8)) & 1U;
    };
    if (at(address) != at(own.address)) return false;
  }
  return true;
}

}  // namespace

std::optional<IpAddress> SourceAddresses::choose(const std::vector<Own>& own,
                                                 const std::set<IpAddress>& not_from,
                                                 const IpAddress& server, Family family,
                                                 const std::optional<IpAddress>& chosen) {
  const auto usable = [&](const IpAddress& address) {
    return address.family() == family && !not_from.contains(address);
  };
  // Of IPv6 addresses the kernel prefers those of a single host, which virtual ones of others are.
  const bool may_be_chosen =
      chosen && usable(*chosen) &&
      (chosen->is_v4() || std::ranges::find(own, *chosen, &Own::address) != own.end());
  if (may_be_chosen) return chosen;
  const Own* best = nullptr;
  for (const Own& one : own) {
    if (!usable(one.address)) continue;
    if (is_in_network(server, one)) return one.address;
    if (best == nullptr) best = &one;
  }
  if (best != nullptr) return best->address;
  return chosen && usable(*chosen) ? chosen : std::nullopt;
}

std::optional<IpAddress> SourceAddresses::towards(const IpAddress& server, Family family,
                                                  TimePoint now) {
  const auto kernels_choice = netlink::source_towards(server);
  if (!kernels_choice) return std::nullopt;
  const std::optional<IpAddress> chosen = *kernels_choice;
  if (chosen->is_v4() && family == Family::ipv4 && !virtual_.contains(*chosen)) return chosen;
  if (!read_at_ || now - *read_at_ >= std::chrono::seconds{1}) {
    own_ = read_addresses();
    read_at_ = now;
  }
  return choose(own_, virtual_, server, family, chosen);
}

}  // namespace holdfast::checkers
