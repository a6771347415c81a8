#include "vrrp/linux/links.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>
#include "daemon/netlink/local_address.h"

namespace holdfast::vrrp {
namespace {

/// @source linux/if_addr.h since 5.18; missing in the headers of Debian 12's libc
constexpr std::uint16_t ifa_proto = 11;

/// A host whose addresses change faster than they can be listed is left with the last listing.
constexpr int most_dumps = 10;

template <typename Header>
const Header* header_of(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(Header))) return nullptr;
  return static_cast<const Header*>(NLMSG_DATA(&message));
}

template <typename Number>
std::optional<Number> number_in(const nlattr* attribute) {
  const auto bytes = netlink::payload(attribute);
  if (bytes.size() < sizeof(Number)) return std::nullopt;
  Number value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string text_in(const nlattr* attribute) {
  const auto bytes = netlink::payload(attribute);
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  return bytes.empty() ? std::string{} : std::string{text, ::strnlen(text, bytes.size())};
}

void read_kind(Link& link, const nlattr* info) {
  const auto parts = netlink::attributes_in(info, IFLA_INFO_DATA);
  link.kind = text_in(parts[IFLA_INFO_KIND]);
  link.mode = 0;
  link.table = 0;
  if (link.kind == "macvlan")
    link.mode =
        number_in<std::uint32_t>(
            netlink::attributes_in(parts[IFLA_INFO_DATA], IFLA_MACVLAN_MODE)[IFLA_MACVLAN_MODE])
            .value_or(0);
  else if (link.kind == "vrf")
    link.table = number_in<std::uint32_t>(
                     netlink::attributes_in(parts[IFLA_INFO_DATA], IFLA_VRF_TABLE)[IFLA_VRF_TABLE])
                     .value_or(0);
  else if (link.kind == "ipvlan")
    link.mode =
        number_in<std::uint16_t>(
            netlink::attributes_in(parts[IFLA_INFO_DATA], IFLA_IPVLAN_FLAGS)[IFLA_IPVLAN_FLAGS])
            .value_or(0);
}

bool is_usable(const KernelAddress& address) { return !address.tentative && !address.dad_failed; }

}  // namespace

Result<Links> Links::open(std::uint8_t mark) {
  constexpr std::array<unsigned, 3> groups{RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
  auto monitor = netlink::Monitor::open(groups);
  if (!monitor) return tl::make_unexpected(monitor.error());
  Links links{std::move(*monitor), mark};
  if (auto dumped = links.dump(); !dumped) return tl::make_unexpected(dumped.error());
  return links;
}

Result<void> Links::dump() {
  Result<void> done;
  for (int attempt = 0; attempt < most_dumps; ++attempt) {
    done = dump_once();
    if (done || (done.error().code != ENOBUFS && done.error().code != EINTR)) break;
  }
  return done;
}

Result<void> Links::dump_once() {
  // What still waits is older than the dump: applied after clear(), it would bring back what has
  // gone since. Whether more of it was lost does not matter any more.
  for (;;) {
    const auto read = monitor_.read([](const nlmsghdr&) {});
    if (read) break;
    if (read.error().code != ENOBUFS) return read;
  }
  const auto links = std::exchange(links_, {});
  const auto by_name = std::exchange(by_name_, {});
  const auto addresses = std::exchange(addresses_, {});
  const auto handler = [this](const nlmsghdr& message) { apply(message); };
  Result<void> done = monitor_.dump(RTM_GETLINK, AF_UNSPEC, handler);
  if (done) done = monitor_.dump(RTM_GETADDR, AF_UNSPEC, handler);
  if (!done) {  // half of the truth is worse than an old one
    links_ = links;
    by_name_ = by_name;
    addresses_ = addresses;
    return done;
  }
  for (const auto& [index, before] : links)
    if (const Link* now = find(index)) note_name(*now, before.name);
  return done;
}

void Links::note_name(const Link& link, const std::string& before) {
  if (before != link.name) renamed_.push_back({link.index, before});
}

void Links::refresh() {
  const auto read = monitor_.read([this](const nlmsghdr& message) { apply(message); });
  stale_ |= !read;  // update() says why
}

Result<bool> Links::update() {
  auto read = monitor_.read([this](const nlmsghdr& message) { apply(message); });
  if (stale_ || (!read && read.error().code == ENOBUFS)) {
    changed_ = true;
    read = dump();
    stale_ = !read;
  }
  if (!read) return tl::make_unexpected(read.error());
  return std::exchange(changed_, false);
}

void Links::apply(const nlmsghdr& message) {
  switch (message.nlmsg_type) {
    case RTM_NEWLINK:
      return apply_link(message, true);
    case RTM_DELLINK:
      return apply_link(message, false);
    case RTM_NEWADDR:
      return apply_address(message, true);
    case RTM_DELADDR:
      return apply_address(message, false);
    default:
      return;
  }
}

void Links::apply_link(const nlmsghdr& message, bool present) {
  const auto* header = header_of<ifinfomsg>(message);
  if (header == nullptr || header->ifi_family == AF_BRIDGE) return;
  const auto index = static_cast<std::uint32_t>(header->ifi_index);
  bool was_silent = false;
  if (const auto known = links_.find(index); known != links_.end()) {
    was_silent = !known->second.running;
    by_name_.erase(known->second.name);
    if (!present) {
      links_.erase(known);
      std::erase_if(addresses_, [&](const auto& entry) { return entry.first.interface == index; });
    }
  }
  changed_ = true;
  if (!present) return;
  const auto attributes = netlink::attributes(message, sizeof(ifinfomsg), IFLA_EVENT);
  Link& link = links_[index];
  link.index = index;
  const std::string before = std::exchange(link.name, text_in(attributes[IFLA_IFNAME]));
  if (!before.empty()) note_name(link, before);
  link.up = (header->ifi_flags & IFF_UP) != 0;
  if (!link.up) downs_.insert(index);
  constexpr unsigned both = IFF_UP | IFF_RUNNING;
  link.running = (header->ifi_flags & both) == both;
  link.mtu = number_in<std::uint32_t>(attributes[IFLA_MTU]).value_or(1500);
  link.mac = number_in<MacAddress>(attributes[IFLA_ADDRESS]).value_or(MacAddress{});
  link.base = number_in<std::uint32_t>(attributes[IFLA_LINK]).value_or(0);
  link.group = number_in<std::uint32_t>(attributes[IFLA_GROUP]).value_or(0);
  link.alias = text_in(attributes[IFLA_IFALIAS]);
  read_kind(link, attributes[IFLA_LINKINFO]);
  by_name_[link.name] = index;
  const auto event = number_in<std::uint32_t>(attributes[IFLA_EVENT]).value_or(IFLA_EVENT_NONE);
  if ((was_silent && link.running) || event == IFLA_EVENT_BONDING_FAILOVER ||
      event == IFLA_EVENT_NOTIFY_PEERS)
    relinked_.insert(index);
}

void Links::apply_address(const nlmsghdr& message, bool present) {
  const auto* header = header_of<ifaddrmsg>(message);
  if (header == nullptr || (header->ifa_family != AF_INET && header->ifa_family != AF_INET6))
    return;
  const auto attributes = netlink::attributes(message, sizeof(ifaddrmsg), ifa_proto);
  const auto address = netlink::local_address(attributes);
  if (!address) return;
  const AddressKey key{header->ifa_index, *address, header->ifa_prefixlen};
  const auto other_end = IpAddress::from_bytes(netlink::payload(attributes[IFA_ADDRESS]));
  // The echo of what note_added() and note_removed() told already is no change.
  if (!present) {
    changed_ |= addresses_.erase(key) == 1;
    return;
  }
  const auto [found, is_new] = addresses_.try_emplace(key);
  KernelAddress& entry = found->second;
  const KernelAddress before = entry;
  if (is_new) entry.order = ++next_order_;
  entry.marked = number_in<std::uint8_t>(attributes[ifa_proto]) == mark_;
  // In IPv6 the same bit marks temporary addresses.
  entry.secondary = address->is_v4() && (header->ifa_flags & IFA_F_SECONDARY) != 0;
  entry.dad_failed = address->is_v6() && (header->ifa_flags & IFA_F_DADFAILED) != 0;
  entry.tentative = address->is_v6() && (header->ifa_flags & IFA_F_TENTATIVE) != 0 &&
                    (header->ifa_flags & IFA_F_OPTIMISTIC) == 0;
  entry.peer = other_end == address ? std::nullopt : other_end;
  const bool differs = entry.marked != before.marked || entry.secondary != before.secondary ||
                       entry.dad_failed != before.dad_failed || entry.tentative != before.tentative;
  changed_ |= is_new || entry.dad_failed || (differs && !(entry.marked && before.marked));
}

const Link* Links::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : find(found->second);
}

const Link* Links::find(std::uint32_t index) const {
  const auto found = links_.find(index);
  return found == links_.end() ? nullptr : &found->second;
}

std::optional<IpAddress> Links::primary_address(
    std::uint32_t index, Family family,
    const std::function<bool(const AddressKey&, const KernelAddress&)>& is_left_out,
    const IpAddress& keep) const {
  const AddressKey first{index, IpAddress{}, 0};
  const KernelAddress* best = nullptr;
  std::optional<IpAddress> found;
  for (auto entry = addresses_.lower_bound(first);
       entry != addresses_.end() && entry->first.interface == index; ++entry) {
    const KernelAddress& address = entry->second;
    const IpAddress& candidate = entry->first.address;
    const bool fits = candidate.family() == family && is_usable(address) &&
                      (family == Family::ipv4 || candidate.is_link_local());
    if (!fits || is_left_out(entry->first, address)) continue;
    if (family == Family::ipv6 && candidate == keep) return keep;
    const bool better = best == nullptr || std::pair{address.secondary, address.order} <
                                               std::pair{best->secondary, best->order};
    if (!better) continue;
    best = &address;
    found = candidate;
  }
  return found;
}

bool Links::has_address(const IpAddress& address) const {
  return std::ranges::any_of(addresses_, [&](const auto& entry) {
    return entry.first.address == address && is_usable(entry.second);
  });
}

bool Links::has_mac(const MacAddress& mac) const {
  return std::ranges::any_of(links_, [&](const auto& entry) { return entry.second.mac == mac; });
}

void Links::note_added(const AddressKey& key, const std::optional<IpAddress>& peer) {
  KernelAddress& entry = addresses_[key];
  if (entry.order == 0) entry.order = ++next_order_;
  entry.marked = true;
  entry.dad_failed = false;
  entry.peer = peer;
}

void Links::note_removed(const AddressKey& key) { addresses_.erase(key); }

}  // namespace holdfast::vrrp
