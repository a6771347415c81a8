#include "vrrp/core/wanted.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <tuple>

namespace holdfast::vrrp {
namespace {

using WantedAddresses = std::map<AddressKey, AddressSettings>;
using ActualAddresses = std::map<AddressKey, Actual>;

/// What the kernel does with it: an addition of what is there is refused.
void send(ActualAddresses& actual, const std::vector<AddressChange>& changes) {
  for (const AddressChange& change : changes) {
    if (change.kind == AddressChange::Kind::remove)
      ASSERT_EQ(actual.erase(change.key), 1U);
    else
      ASSERT_TRUE(actual.try_emplace(change.key, Actual{true}).second);
  }
}

AddressKey key(int number) {
  return {static_cast<std::uint32_t>(number % 3 + 1),
          IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(number / 3)), 24};
}

RC_GTEST_PROP(WantedAddresses, ApplyingTheDifferenceGivesWantedAndWhatIsNotOurs,
              (const std::vector<std::uint8_t>& wanted_numbers,
               const std::vector<std::tuple<std::uint8_t, bool, bool>>& actual_numbers)) {
  WantedAddresses wanted;
  for (const int number : wanted_numbers) wanted[key(number % 30)] = {};
  ActualAddresses actual;
  for (const auto& [number, ours, good] : actual_numbers)
    actual[key(number % 30)] = {ours, good ? Actual::Fit::good : Actual::Fit::renew};
  const ActualAddresses before = actual;
  send(actual, difference(wanted, actual));
  for (const auto& [address, settings] : wanted) RC_ASSERT(actual.contains(address));
  for (const auto& [address, entry] : actual)
    RC_ASSERT(wanted.contains(address) || (before.contains(address) && !before.at(address).ours));
  for (const auto& [address, entry] : before)
    if (!entry.ours) RC_ASSERT(actual.contains(address));
  RC_ASSERT(difference(wanted, actual).empty());
}

TEST(WantedAddresses, WhatAnAdditionReplacesIsNotRemovedFirst) {
  const WantedAddresses wanted{{key(1), {}}};
  const ActualAddresses actual{{key(1), {true, Actual::Fit::overwrite}}};
  EXPECT_EQ(difference(wanted, actual),
            (std::vector<AddressChange>{{AddressChange::Kind::add, key(1), {}}}));
}

}  // namespace
}  // namespace holdfast::vrrp
