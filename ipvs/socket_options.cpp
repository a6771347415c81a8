#include "ipvs/socket_options.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>

namespace holdfast::ipvs {
namespace {

/// An answer: a header, which says how many entries there is room for, and the entries. The kernel
/// leaves alone what it has no entry for. @source ip_vs_ctl.c do_ip_vs_get_ctl()
template <typename Header, typename Entry>
struct Answer {
  static std::size_t size(std::size_t entries) { return sizeof(Header) + entries * sizeof(Entry); }
  static Header* prepare(std::vector<std::uint64_t>& buffer, std::size_t entries) {
    buffer.assign((size(entries) + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t), 0);
    return reinterpret_cast<Header*>(buffer.data());
  }
  static std::span<const Entry> entries(const std::vector<std::uint64_t>& buffer,
                                        std::size_t entries) {
    const auto* header = reinterpret_cast<const Header*>(buffer.data());
    return {reinterpret_cast<const Entry*>(header + 1), entries};
  }
};
using Services = Answer<ip_vs_get_services, ip_vs_service_entry>;
using Destinations = Answer<ip_vs_get_dests, ip_vs_dest_entry>;

IpAddress address_of(std::uint32_t network_order) { return IpAddress::v4(ntohl(network_order)); }

std::uint32_t network_order(const IpAddress& address) {
  std::uint32_t value = 0;
  std::memcpy(&value, address.bytes().data(), sizeof value);
  return value;
}

ServiceKey key_of(const ip_vs_service_entry& entry) {
  if (entry.fwmark != 0) return ServiceKey::of_mark(entry.fwmark, Family::ipv4);
  return {static_cast<Protocol>(entry.protocol), address_of(entry.addr), ntohs(entry.port)};
}

ServiceSettings settings_of(const ip_vs_service_entry& entry) {
  return {std::string{entry.sched_name, ::strnlen(entry.sched_name, sizeof entry.sched_name)},
          entry.flags & ~service_flag::hashed, entry.timeout,
          static_cast<std::uint32_t>(std::popcount(entry.netmask))};
}

bool is_empty(const ip_vs_dest_entry& entry) { return entry.addr == 0 && entry.port == 0; }

bool fits(const ip_vs_dest_entry& entry, const DestinationSettings& settings) {
  return static_cast<Forwarding>(entry.conn_flags & IP_VS_CONN_F_FWD_MASK) == settings.forwarding &&
         static_cast<std::uint32_t>(entry.weight) == settings.weight &&
         entry.u_threshold == settings.upper_threshold &&
         entry.l_threshold == settings.lower_threshold;
}

}  // namespace

Result<SocketOptions> SocketOptions::open() {
  Fd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) return fail_errno(errno, "cannot open a socket of IPv4");
  return SocketOptions{std::move(socket)};
}

Result<void> SocketOptions::get(int option, std::size_t size) {
  auto length = static_cast<socklen_t>(size);
  if (::getsockopt(socket_.get(), IPPROTO_IP, option, buffer_.data(), &length) == 0) return {};
  return fail_errno(errno, "cannot look at the IPVS table");
}

Result<Outlines> SocketOptions::outlines() {
  constexpr std::size_t spare = 16;  // for those that are made just now
  buffer_.assign(sizeof(ip_vs_getinfo) / sizeof(std::uint64_t) + 1, 0);
  if (auto told = get(IP_VS_SO_GET_INFO, sizeof(ip_vs_getinfo)); !told)
    return tl::make_unexpected(told.error());
  const std::size_t room =
      reinterpret_cast<const ip_vs_getinfo*>(buffer_.data())->num_services + spare;
  Services::prepare(buffer_, room)->num_services = static_cast<unsigned>(room);
  if (auto told = get(IP_VS_SO_GET_SERVICES, Services::size(room)); !told)
    return tl::make_unexpected(told.error());
  Outlines found;
  for (const ip_vs_service_entry& entry : Services::entries(buffer_, room))
    if (entry.protocol != 0 || entry.fwmark != 0)
      found.emplace(key_of(entry), Outline{settings_of(entry), entry.num_dests});
  return found;
}

bool SocketOptions::tells(const ServiceKey& key, const Service& service) {
  return key.address.is_v4() && std::ranges::all_of(service.destinations, [](const auto& entry) {
           return entry.first.address.is_v4() && entry.second.forwarding != Forwarding::tunnel;
         });
}

Result<bool> SocketOptions::has_destinations(const ServiceKey& key, const Service& service) {
  const std::size_t room = service.destinations.size() + 1;  // where one too many shows
  ip_vs_get_dests* const header = Destinations::prepare(buffer_, room);
  header->protocol = static_cast<std::uint16_t>(key.protocol);
  header->addr = network_order(key.address);
  header->port = htons(key.port);
  header->fwmark = key.fwmark;
  header->num_dests = static_cast<unsigned>(room);
  if (auto told = get(IP_VS_SO_GET_DESTS, Destinations::size(room)); !told) {
    if (told.error().code == ESRCH) return service.destinations.empty();
    return tl::make_unexpected(told.error());
  }
  const auto entries = Destinations::entries(buffer_, room);
  return is_empty(entries.back()) &&
         std::ranges::all_of(entries.first(room - 1), [&](const ip_vs_dest_entry& entry) {
           const auto known =
               service.destinations.find({address_of(entry.addr), ntohs(entry.port)});
           return known != service.destinations.end() && fits(entry, known->second);
         });
}

}  // namespace holdfast::ipvs
