// What the packet filter must hold, and when.
#include "vrrp/core/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <vector>

namespace holdfast::vrrp {
namespace {

using testing::IsEmpty;

FilterElement element(const char* address) {
  return refused(IpAddress::parse(address).value(), "eth0");
}

TEST(Filter, LinkLocalAddressesAreMeantOnTheirInterface) {
  EXPECT_EQ(element("192.0.2.1"),
            (FilterElement{FilterSet::vips4, *IpAddress::parse("192.0.2.1"), ""}));
  EXPECT_EQ(element("2001:db8::1").set, FilterSet::vips6);
  EXPECT_EQ(element("2001:db8::1").interface, "");
  EXPECT_EQ(element("fe80::1").set, FilterSet::link_local);
  EXPECT_EQ(element("fe80::1").interface, "eth0");
}

TEST(Filter, WhatGoesStaysUntilItIsSaidToBeGone) {
  FilterPlan plan;
  const int owner = 0;
  plan.want(&owner, {element("192.0.2.1")});
  EXPECT_EQ(plan.additions().size(), 1U);
  plan.note_added();
  plan.want(&owner, {element("192.0.2.2")});
  EXPECT_EQ(plan.removals(), FilterElements{element("192.0.2.1")});
  EXPECT_EQ(plan.everything(), (FilterElements{element("192.0.2.1"), element("192.0.2.2")}));
  plan.note_added();
  plan.note_removed();
  EXPECT_EQ(plan.applied(), FilterElements{element("192.0.2.2")});
}

TEST(Filter, WhatTwoWantStaysForTheSecond) {
  FilterPlan plan;
  const int first = 0;
  const int second = 0;
  plan.want(&first, {element("192.0.2.1")});
  plan.want(&second, {element("192.0.2.1")});
  plan.note_added();
  plan.want(&first, {});
  EXPECT_THAT(plan.removals(), IsEmpty());
  plan.want(&second, {});
  EXPECT_EQ(plan.removals().size(), 1U);
}

TEST(Filter, WhatAPredecessorHadGoesWhenNobodyWantsIt) {
  FilterPlan plan;
  const int owner = 0;
  plan.inherit({element("192.0.2.1"), element("192.0.2.2")});
  plan.want(&owner, {element("192.0.2.1")});
  EXPECT_EQ(plan.everything().size(), 2U);
  plan.note_added();
  plan.note_removed();
  EXPECT_EQ(plan.applied(), FilterElements{element("192.0.2.1")});
}

/// Whatever is wanted, by whomever, in whatever order: at no time is something missing in the
/// kernel that is wanted and was said to be added, and in the end exactly that is there.
RC_GTEST_PROP(FilterProperty, WhatIsWantedIsThereAndNothingElse, ()) {
  FilterPlan plan;
  std::array<FilterElements, 3> owners;
  const auto wanted = [&] {
    FilterElements all;
    for (const FilterElements& elements : owners) all.insert(elements.begin(), elements.end());
    return all;
  };
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5));
  for (const int step : steps) {
    if (step < 3) {
      FilterElements& elements = owners.at(static_cast<std::size_t>(step));
      elements.clear();
      for (const auto number :
           *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 8)))
        elements.insert(refused(IpAddress::v4(number), ""));
      plan.want(&elements, elements);
    } else if (step == 3) {
      plan.note_added();
      const FilterElements all = wanted();
      RC_ASSERT(std::ranges::includes(plan.applied(), all));
    } else {
      plan.note_removed();
    }
    RC_ASSERT(std::ranges::includes(plan.everything(), wanted()));
  }
  plan.note_added();
  plan.note_removed();
  RC_ASSERT(plan.applied() == wanted());
  RC_ASSERT(plan.is_empty() == wanted().empty());
}

}  // namespace
}  // namespace holdfast::vrrp
