#include "checkers/config/address_claims.h"

namespace holdfast::checkers {
namespace {

/// @param step what is added to each byte until there is no carry: 1 or 255, which is -1
IpAddress neighbour(const IpAddress& address, unsigned step) {
  const auto carry = step == 1 ? std::byte{0} : std::byte{255};
  std::vector<std::byte> bytes{address.bytes().begin(), address.bytes().end()};
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    *byte = static_cast<std::byte>(std::to_integer<unsigned>(*byte) + step);
    if (*byte != carry) break;
  }
  return *IpAddress::from_bytes(bytes);
}

}  // namespace

IpAddress following(const IpAddress& address) { return neighbour(address, 1); }
IpAddress preceding(const IpAddress& address) { return neighbour(address, 255); }

std::vector<GroupRange> AddressClaims::take(ipvs::Protocol protocol, const GroupRange& range) {
  auto& taken = taken_[{protocol, range.port}];
  std::vector<GroupRange> free;
  IpAddress next = range.first;
  bool rest = true;
  auto other = taken.upper_bound(range.first);
  if (other != taken.begin() && std::prev(other)->second >= range.first) --other;
  for (; other != taken.end() && other->first <= range.last; ++other) {
    if (next < other->first) free.push_back({next, preceding(other->first), range.port});
    rest = other->second < range.last;
    if (!rest) break;
    next = following(other->second);
  }
  if (rest) free.push_back({next, range.last, range.port});
  for (const GroupRange& piece : free) taken.emplace(piece.first, piece.last);
  return free;
}

}  // namespace holdfast::checkers
