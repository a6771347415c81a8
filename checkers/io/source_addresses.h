// From which address of this host a probe of a virtual address leaves: not from a virtual one, to
// which a server would answer itself.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"

namespace holdfast::checkers {

class SourceAddresses {
 public:
  /// An address with its network.
  struct Own {
    IpAddress address;
    unsigned prefix = 0;
  };
  /// Never to be sent from.
  void set_virtual(std::set<IpAddress> addresses) { virtual_ = std::move(addresses); }
  /// Of `family`. Nothing: there is none, or no way to the server. What is here is looked at again
  /// once a second.
  std::optional<IpAddress> towards(const IpAddress& server, Family family, TimePoint now);
  /// @param chosen by the kernel, if it has a way there. Pure
  static std::optional<IpAddress> choose(const std::vector<Own>& own,
                                         const std::set<IpAddress>& not_from,
                                         const IpAddress& server, Family family,
                                         const std::optional<IpAddress>& chosen);

 private:
  std::set<IpAddress> virtual_;
  std::vector<Own> own_;
  std::optional<TimePoint> read_at_;
};

}  // namespace holdfast::checkers
