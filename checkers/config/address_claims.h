// Which addresses are somebody's: two virtual_servers cannot have the same one.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "checkers/config/config.h"

namespace holdfast::checkers {

/// The neighbours of an address. @pre there is one of its family
IpAddress following(const IpAddress& address);
IpAddress preceding(const IpAddress& address);

class AddressClaims {
 public:
  /// Takes what is nobody's yet. @return it, in pieces, the lowest first
  std::vector<GroupRange> take(ipvs::Protocol protocol, const GroupRange& range);

 private:
  /// By protocol and port: first and last addresses of what is taken.
  std::map<std::pair<ipvs::Protocol, std::uint16_t>, std::map<IpAddress, IpAddress>> taken_;
};

}  // namespace holdfast::checkers
