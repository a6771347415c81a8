// Sends announcements of addresses: gratuitous ARP and unsolicited neighbour advertisements
// (vrrp/core/neighbour.h).
#pragma once

#include <span>
#include <string>

#include "daemon/base/fd.h"
#include "daemon/base/ip.h"
#include "daemon/base/result.h"
#include "vrrp/core/neighbour.h"

namespace holdfast::vrrp {

class Announcer {
 public:
  /// One packet socket for all interfaces: what it sends needs no address of this host, so that no
  /// state of an address holds it up. Needs CAP_NET_RAW.
  static Result<Announcer> open();

  struct Frame {
    std::uint32_t interface = 0;
    std::string interface_name;  ///< whose forwarding setting is the router flag of IPv6
    MacAddress source{};
    IpAddress address;
  };
  /// Sends all in as few system calls as possible. @return how many the kernel took
  std::size_t send(std::span<const Frame> frames);

 private:
  explicit Announcer(Fd socket) : socket_{std::move(socket)} {}
  Fd socket_;
};

}  // namespace holdfast::vrrp
