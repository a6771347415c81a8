// Gratuitous ARP: requests whose sender and target are the announced address (RFC 5227 3).
#pragma once

#include <span>

#include "daemon/base/fd.h"
#include "daemon/base/ip.h"
#include "daemon/base/result.h"
#include "vrrp/linux/links.h"

namespace holdfast::vrrp {

class ArpSender {
 public:
  /// One packet socket for all interfaces. Needs CAP_NET_RAW.
  static Result<ArpSender> open();

  struct Frame {
    std::uint32_t interface = 0;
    MacAddress source{};
    IpAddress address;  ///< IPv4
  };
  /// Sends all in as few system calls as possible. @return how many the kernel took
  std::size_t send(std::span<const Frame> frames);

 private:
  explicit ArpSender(Fd socket) : socket_{std::move(socket)} {}
  Fd socket_;
};

}  // namespace holdfast::vrrp
