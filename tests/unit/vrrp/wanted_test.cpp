#include "vrrp/core/wanted.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast::vrrp {
namespace {

void send(ActualAddresses& actual, const std::vector<AddressChange>& changes) {
  for (const AddressChange& change : changes) {
    if (change.kind == AddressChange::Kind::add)
      actual[change.key] = {true};
    else
      actual.erase(change.key);
  }
}

AddressKey key(int number) {
  return {static_cast<std::uint32_t>(number % 3 + 1),
          IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(number / 3)), 24};
}

RC_GTEST_PROP(WantedAddresses, ApplyingTheDifferenceGivesWantedAndWhatIsNotOurs,
              (const std::vector<std::uint8_t>& wanted_numbers,
               const std::vector<std::pair<std::uint8_t, bool>>& actual_numbers)) {
  WantedAddresses wanted;
  for (const int number : wanted_numbers) wanted[key(number % 30)] = {};
  ActualAddresses actual;
  for (const auto& [number, ours] : actual_numbers) actual[key(number % 30)] = {ours};
  const ActualAddresses before = actual;
  send(actual, difference(wanted, actual));
  for (const auto& [address, settings] : wanted) RC_ASSERT(actual.contains(address));
  for (const auto& [address, entry] : actual)
    RC_ASSERT(wanted.contains(address) || (before.contains(address) && !before.at(address).ours));
  for (const auto& [address, entry] : before)
    if (!entry.ours) RC_ASSERT(actual.contains(address));
  RC_ASSERT(difference(wanted, actual).empty());
}

}  // namespace
}  // namespace holdfast::vrrp
