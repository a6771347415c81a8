#include "vrrp/core/wanted.h"

namespace holdfast::vrrp {

std::vector<AddressChange> difference(const WantedAddresses& wanted,
                                      const ActualAddresses& actual) {
  std::vector<AddressChange> changes;
  for (const auto& [key, present] : actual)
    if (present.ours && !wanted.contains(key))
      changes.push_back({AddressChange::Kind::remove, key, {}});
  for (const auto& [key, settings] : wanted)
    if (!actual.contains(key)) changes.push_back({AddressChange::Kind::add, key, settings});
  return changes;
}

}  // namespace holdfast::vrrp
