// What the packet filter must hold: addresses that take no packets (RFC 9568 6.1 Accept_Mode).
// Pure: vrrp/linux/firewall.h does it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>

#include "daemon/base/ip.h"

namespace holdfast::vrrp {

/// The sets of the filter; the name of each is its text in `to_string`.
enum class FilterSet : std::uint8_t {
  vips4,      ///< IPv4 addresses
  vips6,      ///< IPv6 addresses of any scope but the link's
  link_local  ///< IPv6 link-local addresses, each with its interface
};
inline constexpr std::size_t filter_sets = 3;

struct FilterElement {
  FilterSet set = FilterSet::vips4;
  IpAddress address;
  std::string interface;  ///< of `link_local`
  auto operator<=>(const FilterElement&) const = default;
};
using FilterElements = std::set<FilterElement>;

/// Packets to and from this address are dropped. A link-local one means something on its interface
/// only.
inline FilterElement refused(const IpAddress& address, const std::string& interface) {
  if (address.is_v4()) return {FilterSet::vips4, address, {}};
  if (address.is_link_local()) return {FilterSet::link_local, address, interface};
  return {FilterSet::vips6, address, {}};
}

/// Who wants which element, and what is in the kernel. What comes must be there before the address
/// is added and what goes may leave only after it is gone, so there are two differences.
class FilterPlan {
 public:
  using Owner = const void*;

  /// From now on these, and no others, are wanted by `owner`.
  void want(Owner owner, FilterElements elements);
  /// In the kernel, as far as we know, and perhaps wanted in a moment: stays until note_removed().
  void inherit(const FilterElements& elements);

  /// Wanted and not there.
  [[nodiscard]] const FilterElements& additions() const { return additions_; }
  /// There and not wanted any more.
  [[nodiscard]] const FilterElements& removals() const { return removals_; }
  [[nodiscard]] const FilterElements& applied() const { return applied_; }
  /// What is there once the additions are.
  [[nodiscard]] FilterElements everything() const;
  [[nodiscard]] bool is_empty() const { return applied_.empty() && additions_.empty(); }
  void note_added();
  void note_removed();

 private:
  std::map<Owner, FilterElements> owners_;
  std::map<FilterElement, unsigned> wanted_;  ///< and by how many owners
  FilterElements applied_, additions_, removals_;
};

}  // namespace holdfast::vrrp
