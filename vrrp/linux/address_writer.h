// Adds and removes addresses: a list of changes becomes one netlink batch.
#pragma once

#include <span>
#include <vector>

#include "daemon/netlink/batch.h"
#include "daemon/netlink/socket.h"
#include "vrrp/core/wanted.h"

namespace holdfast::vrrp {

class AddressWriter {
 public:
  static Result<AddressWriter> open();
  /// @return the refused changes; an addition of what is there and a removal of what is not are
  /// successes.
  std::vector<netlink::Refusal> apply(std::span<const AddressChange> changes);

 private:
  explicit AddressWriter(netlink::Socket socket) : socket_{std::move(socket)} {}
  netlink::Socket socket_;
};

}  // namespace holdfast::vrrp
