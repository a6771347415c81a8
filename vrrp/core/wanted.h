// What addresses must be on which interface, and what to change so that they are. Pure: the
// reconciler (vrrp/linux/reconciler.h) sends the difference.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/ip.h"

namespace holdfast::vrrp {

/// Identity of an address in the kernel: it can be on an interface once for each prefix length.
struct AddressKey {
  std::uint32_t interface = 0;  ///< index
  IpAddress address;
  std::uint8_t prefix_length = 32;
  auto operator<=>(const AddressKey&) const = default;
};

/// Attributes that we set.
struct AddressSettings {
  std::string label;  ///< empty: the interface's name
  std::uint8_t scope = 0;
  std::optional<IpAddress> broadcast;
  bool operator==(const AddressSettings&) const = default;
};

using WantedAddresses = std::map<AddressKey, AddressSettings>;

/// What the kernel has. `ours`: carries our mark, or is configured as virtual, so it goes away when
/// it is not wanted. Others are never touched.
struct ActualAddress {
  bool ours = false;
};
using ActualAddresses = std::map<AddressKey, ActualAddress>;

struct AddressChange {
  enum class Kind : std::uint8_t { add, remove } kind = Kind::add;
  AddressKey key;
  AddressSettings settings;  ///< for add
  bool operator==(const AddressChange&) const = default;
};

/// Removals first (so that an address can move between interfaces), then additions, each in key
/// order. Applying them to `actual` gives `wanted` and what is not ours.
std::vector<AddressChange> difference(const WantedAddresses& wanted, const ActualAddresses& actual);

}  // namespace holdfast::vrrp
