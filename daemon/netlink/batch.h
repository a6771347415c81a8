// Many requests in one sendmsg with one acknowledgement.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/netlink/socket.h"

namespace holdfast::netlink {

/// A request that the kernel refused.
struct Refusal {
  std::size_t index = 0;  ///< position in the order of add()
  Error error;            ///< what we were doing and why it failed; code is the errno
};

/// Nothing reaches the kernel before commit(). The kernel does not roll back: after an error the
/// other requests stand, so the caller re-reads its state instead of assuming.
class Batch {
 public:
  /// How many requests leave in one sendmsg.
  static constexpr std::size_t chunk = 500;
  /// `socket` must outlive the batch.
  explicit Batch(nl_sock& socket) : socket_{socket} {}
  /// @param what for the operator: "add 192.0.2.1/24 to eth0"
  void add(Message message, std::string what);
  [[nodiscard]] std::size_t size() const { return queue_.size(); }
  /// One sendmsg and one acknowledgement for up to `chunk` requests, not a round trip each.
  /// @return the refused requests, in order; empty means that all were accepted.
  [[nodiscard]] std::vector<Refusal> commit();

 private:
  using Request = std::pair<Message, std::string>;
  /// Asks an acknowledgement of the last request only; the kernel names any refused one by its
  /// sequence number.
  void exchange(std::span<const Request> requests, std::size_t first,
                std::vector<Refusal>& refused);
  nl_sock& socket_;
  std::vector<Request> queue_;
};

}  // namespace holdfast::netlink
