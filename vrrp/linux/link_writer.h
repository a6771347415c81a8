// Makes, changes and removes macvlans and ipvlans: a list of changes becomes one netlink batch.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "daemon/netlink/batch.h"
#include "daemon/netlink/socket.h"
#include "vrrp/core/wanted.h"
#include "vrrp/linux/links.h"

namespace holdfast::vrrp {

/// An interface that we make, as the kernel must have it.
struct LinkSettings {
  std::string kind;        ///< "macvlan" or "ipvlan"
  std::uint32_t base = 0;  ///< index
  MacAddress mac{};        ///< of a macvlan
  std::uint32_t mode = 0;  ///< Link::mode
  std::uint32_t group = 0;
  std::string alias;
  bool up = false;
  bool operator==(const LinkSettings&) const = default;
};
/// By name.
using LinkChange = Change<std::string, LinkSettings>;

class LinkWriter {
 public:
  static Result<LinkWriter> open();
  /// An addition makes what is not in `links`, without setting it up, and corrects what is.
  /// @return the refused changes; one of what has just gone is a success
  std::vector<netlink::Refusal> apply(std::span<const LinkChange> changes, const Links& links);
  Result<void> set_up(const Link& link, bool up);
  /// Its group is set to what it is: the kernel tells everybody of the interface as it is now.
  void tell_again(const Link& link);

 private:
  void remove_together(std::span<const LinkChange> changes, const Links& links);
  explicit LinkWriter(netlink::Socket socket) : socket_{std::move(socket)} {}
  Result<void> send(netlink::Message message, std::string what);
  netlink::Socket socket_;
};

}  // namespace holdfast::vrrp
