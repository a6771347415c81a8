#include "daemon/netlink/local_address.h"

#include <linux/if_addr.h>

#include "daemon/netlink/monitor.h"

namespace holdfast::netlink {

std::optional<IpAddress> local_address(const std::vector<const nlattr*>& attributes) {
  const nlattr* local = attributes[IFA_LOCAL];
  return IpAddress::from_bytes(payload(local != nullptr ? local : attributes[IFA_ADDRESS]));
}

}  // namespace holdfast::netlink
