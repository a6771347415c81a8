// The kernel's IPVS table by its older interface, socket options: IPv4 only, and less of a
// destination than netlink tells, but an answer is one array, at a tenth of the cost. For looks.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"
#include "ipvs/outline.h"

namespace holdfast::ipvs {

class SocketOptions {
 public:
  /// Of our own network namespace. Error: there is no IPv4 here.
  static Result<SocketOptions> open();

  /// The services of IPv4, without their persistence engines. Error: this kernel does not say.
  Result<Outlines> outlines();
  /// All that can be told about such destinations is told: they are of IPv4, and not in tunnels.
  static bool tells(const ServiceKey& key, const Service& service);
  /// Whether the service has exactly these destinations. @pre tells(). Error: this kernel does not
  /// say; a service that is not there has none.
  Result<bool> has_destinations(const ServiceKey& key, const Service& service);

 private:
  explicit SocketOptions(Fd socket) : socket_{std::move(socket)} {}
  /// @param header what is asked, and its size; the entries follow it in the answer
  Result<void> get(int option, std::size_t size);

  Fd socket_;
  std::vector<std::uint64_t> buffer_;  ///< of the last question and its answer; for its alignment
};

}  // namespace holdfast::ipvs
