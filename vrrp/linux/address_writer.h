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
  /// @param mark of the addresses that it adds (links.h)
  static Result<AddressWriter> open(std::uint8_t mark);
  /// @return the refused changes; an addition of what is there and a removal of what is not are
  /// successes.
  std::vector<netlink::Refusal> apply(std::span<const AddressChange> changes);

  [[nodiscard]] int descriptor() const { return nl_socket_get_fd(socket_.get()); }

 private:
  AddressWriter(netlink::Socket socket, std::uint8_t mark)
      : socket_{std::move(socket)}, mark_{mark} {}
  netlink::Socket socket_;
  std::uint8_t mark_;
};

}  // namespace holdfast::vrrp
