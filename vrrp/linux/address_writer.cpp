#include "vrrp/linux/address_writer.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include <cerrno>

#include "daemon/base/assert.h"

namespace holdfast::vrrp {
namespace {

/// @source linux/if_addr.h since 5.18; missing in the headers of Debian 12's libc
constexpr int ifa_proto = 11;
/// @source net/addrconf.h INFINITY_LIFE_TIME
constexpr std::uint32_t forever = 0xFFFF'FFFF;

void put_address(nl_msg& message, int type, const IpAddress& address) {
  const auto bytes = address.bytes();
  BASE_ASSERT(nla_put(&message, type, static_cast<int>(bytes.size()), bytes.data()) == 0);
}

netlink::Message request_for(const AddressChange& change, std::uint8_t mark) {
  const bool adds = change.kind == AddressChange::Kind::add;
  netlink::Message message = adds ? netlink::make_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL)
                                  : netlink::make_message(RTM_DELADDR, 0);
  ifaddrmsg header{};
  header.ifa_family = change.key.address.is_v4() ? AF_INET : AF_INET6;
  header.ifa_prefixlen = change.key.prefix_length;
  header.ifa_scope = change.settings.scope;
  header.ifa_index = change.key.interface;
  BASE_ASSERT(nlmsg_append(message.get(), &header, sizeof header, NLMSG_ALIGNTO) == 0);
  put_address(*message, IFA_LOCAL, change.key.address);
  put_address(*message, IFA_ADDRESS, change.settings.peer.value_or(change.key.address));
  if (!adds) return message;
  if (change.settings.broadcast) put_address(*message, IFA_BROADCAST, *change.settings.broadcast);
  if (!change.settings.label.empty())
    BASE_ASSERT(nla_put_string(message.get(), IFA_LABEL, change.settings.label.c_str()) == 0);
  if (change.settings.flags != 0)
    BASE_ASSERT(nla_put_u32(message.get(), IFA_FLAGS, change.settings.flags) == 0);
  if (change.settings.preferred_lifetime) {
    ifa_cacheinfo lifetime{};
    lifetime.ifa_prefered = *change.settings.preferred_lifetime;
    lifetime.ifa_valid = forever;
    BASE_ASSERT(nla_put(message.get(), IFA_CACHEINFO, sizeof lifetime, &lifetime) == 0);
  }
  BASE_ASSERT(nla_put_u8(message.get(), ifa_proto, mark) == 0);
  return message;
}

}  // namespace

Result<AddressWriter> AddressWriter::open(std::uint8_t mark) {
  auto socket = netlink::connect(NETLINK_ROUTE);
  if (!socket) return tl::make_unexpected(socket.error());
  return AddressWriter{std::move(*socket), mark};
}

std::vector<netlink::Refusal> AddressWriter::apply(std::span<const AddressChange> changes) {
  netlink::Batch batch{*socket_};
  for (const AddressChange& change : changes)
    batch.add(
        request_for(change, mark_),
        fmt::format("{} {}/{} {} interface {}",
                    change.kind == AddressChange::Kind::add ? "add" : "remove",
                    change.key.address.to_string(), change.key.prefix_length,
                    change.kind == AddressChange::Kind::add ? "to" : "from", change.key.interface));
  auto refused = batch.commit();
  std::erase_if(refused, [&](const netlink::Refusal& refusal) {
    const bool adds = changes[refusal.index].kind == AddressChange::Kind::add;
    return refusal.error.code == (adds ? EEXIST : EADDRNOTAVAIL) ||
           (!adds && refusal.error.code == ENODEV);
  });
  return refused;
}

}  // namespace holdfast::vrrp
