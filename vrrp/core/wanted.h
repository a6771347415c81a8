// What must be in the kernel, and what to change so that it is: addresses here, routes and rules in
// vrrp/linux (route_key.h). Pure: the reconciler (vrrp/linux/reconciler.h) sends the difference.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
  std::optional<IpAddress> peer;                    ///< the other end of a point-to-point link
  std::uint32_t flags = 0;                          ///< @source linux/if_addr.h IFA_F_*
  std::optional<std::uint32_t> preferred_lifetime;  ///< seconds; empty: forever
  bool operator==(const AddressSettings&) const = default;
};

/// What the kernel has of a wanted or formerly wanted object.
struct Actual {
  bool ours = false;  ///< carries our mark or is configured as virtual: goes when it is not wanted
  enum class Fit : std::uint8_t {
    good,
    renew,     ///< ours and not as it must be: removed and added
    overwrite  ///< ours and not as it must be: an addition replaces it
  } fit = Fit::good;
};

template <typename Key, typename Settings>
struct Change {
  enum class Kind : std::uint8_t { add, remove } kind = Kind::add;
  Key key;
  Settings settings;  ///< for add
  bool operator==(const Change&) const = default;
};
using AddressChange = Change<AddressKey, AddressSettings>;

/// Removals first (so that an address can move between interfaces), then additions, each in key
/// order. Applying them to `actual` gives `wanted` and what is not ours.
/// @param settings_of asked with a key and its entry in `wanted`; null: it is not wanted now
template <typename Settings, typename Key, typename Entry, typename SettingsOf>
std::vector<Change<Key, Settings>> difference(const std::map<Key, Entry>& wanted,
                                              const std::map<Key, Actual>& actual,
                                              const SettingsOf& settings_of) {
  using Kind = typename Change<Key, Settings>::Kind;
  std::vector<Change<Key, Settings>> changes;
  for (const auto& [key, present] : actual) {
    if (!present.ours) continue;
    const auto entry = wanted.find(key);
    if (entry == wanted.end() || present.fit == Actual::Fit::renew ||
        settings_of(key, entry->second) == nullptr)
      changes.push_back({Kind::remove, key, {}});
  }
  for (const auto& [key, entry] : wanted) {
    const auto present = actual.find(key);
    if (present != actual.end() &&
        (!present->second.ours || present->second.fit == Actual::Fit::good))
      continue;
    if (const Settings* settings = settings_of(key, entry))
      changes.push_back({Kind::add, key, *settings});
  }
  return changes;
}
template <typename Key, typename Settings>
std::vector<Change<Key, Settings>> difference(const std::map<Key, Settings>& wanted,
                                              const std::map<Key, Actual>& actual) {
  return difference<Settings>(wanted, actual,
                              [](const Key&, const Settings& settings) { return &settings; });
}

}  // namespace holdfast::vrrp
