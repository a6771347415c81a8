#include "ipvs/diff.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/ipvs/fake_kernel.h"
#include "tests/unit/ipvs/generate.h"

namespace holdfast::ipvs {
namespace {

using Kind = Operation::Kind;

const ServiceKey web{Protocol::tcp, IpAddress::v4(0xC000020A), 80};
const ServiceKey mail{Protocol::tcp, IpAddress::v4(0xC000020A), 25};
const DestinationKey first{IpAddress::v4(0x0A000001), 80};
const DestinationKey second{IpAddress::v4(0x0A000002), 80};

std::vector<Kind> kinds(const std::vector<Operation>& operations) {
  std::vector<Kind> out;
  for (const Operation& operation : operations) out.push_back(operation.kind);
  return out;
}

/// As tables are compared: the kernel's own additions are no difference.
Table normalised(Table table) {
  for (auto& [key, service] : table) service.settings = normalised(key, service.settings);
  return table;
}

/// What the table must be at the end: wanted, and everything that belongs to somebody else.
Table expected(const Table& wanted, const Table& actual, const std::set<ServiceKey>& ours) {
  Table out = wanted;
  for (const auto& [key, service] : actual)
    if (!wanted.contains(key) && !ours.contains(key)) out.emplace(key, service);
  return out;
}

TEST(IpvsDiff, OfSomeServicesIsTheDifferenceWithoutTheOthers) {
  const Table wanted{{web, {{}, {{first, {}}}}}, {mail, {{}, {{first, {}}}}}};
  const Table actual{{web, {{}, {{second, {}}}}}};
  const auto operations = difference(wanted, actual, {web}, {web});
  EXPECT_EQ(kinds(operations), (std::vector{Kind::add_destination, Kind::remove_destination}));
  EXPECT_EQ(kinds(difference({}, actual, {web}, {web, mail})), (std::vector{Kind::remove_service}));
  EXPECT_TRUE(difference({}, actual, {}, {web}).empty()) << "somebody else's";
  EXPECT_TRUE(difference(wanted, actual, {web}, {}).empty());
}

TEST(IpvsDiff, NewServiceComesBeforeItsDestinations) {
  const Table wanted{{web, {{}, {{first, {}}, {second, {}}}}}};
  EXPECT_EQ(kinds(difference(wanted, {}, {})),
            (std::vector{Kind::add_service, Kind::add_destination, Kind::add_destination}));
}

TEST(IpvsDiff, RemovedServiceTakesItsDestinationsWithIt) {
  const Table actual{{web, {{}, {{first, {}}, {second, {}}}}}};
  EXPECT_EQ(kinds(difference({}, actual, {web})), (std::vector{Kind::remove_service}));
}

TEST(IpvsDiff, ReplacedDestinationIsThereBeforeTheOldOneGoes) {
  const Table wanted{{web, {{}, {{second, {}}}}}};
  const Table actual{{web, {{}, {{first, {}}}}}};
  EXPECT_EQ(kinds(difference(wanted, actual, {web})),
            (std::vector{Kind::add_destination, Kind::remove_destination}));
}

TEST(IpvsDiff, WeightChangesInPlace) {
  const Table wanted{{web, {{}, {{first, {.weight = 0}}}}}};
  const Table actual{{web, {{}, {{first, {.weight = 3}}}}}};
  const auto operations = difference(wanted, actual, {web});
  ASSERT_EQ(kinds(operations), (std::vector{Kind::edit_destination}));
  EXPECT_EQ(operations.front().destination_settings.weight, 0U);
}

TEST(IpvsDiff, OperationsAreNamedInTheOperatorsWords) {
  const Table wanted{{web, {{}, {{first, {}}}}}};
  const auto operations = difference(wanted, {{mail, {}}}, {mail});
  ASSERT_EQ(operations.size(), 3U);
  EXPECT_EQ(to_string(operations[0]), "remove service [192.0.2.10]:tcp:25");
  EXPECT_EQ(to_string(operations[1]), "add service [192.0.2.10]:tcp:80");
  EXPECT_EQ(to_string(operations[2]), "add destination [10.0.0.1]:tcp:80 to [192.0.2.10]:tcp:80");
}

TEST(IpvsDiff, ApplyIgnoresUnknownObjects) {
  Table table;
  for (const Kind kind : {Kind::edit_service, Kind::remove_service, Kind::add_destination,
                          Kind::edit_destination, Kind::remove_destination})
    apply(table, {kind, web, {}, first, {}});
  EXPECT_TRUE(table.empty());
}

RC_GTEST_PROP(IpvsDiff, LeadsFromAnyTableToTheWantedOne, ()) {
  const Table wanted = *any_table();
  const Table actual = *any_table();
  const auto ours = *any_service_keys();
  Table table = actual;
  for (const Operation& operation : difference(wanted, actual, ours)) apply(table, operation);
  RC_ASSERT(normalised(table) == normalised(expected(wanted, actual, ours)));
  RC_ASSERT(difference(wanted, table, ours).empty());
}

RC_GTEST_PROP(IpvsDiff, EqualTablesNeedNothing, ()) {
  const Table wanted = *any_table();
  Table actual = wanted;
  for (auto& [key, service] : actual) service.settings.flags |= service_flag::hashed;
  RC_ASSERT(difference(wanted, actual, *any_service_keys()).empty());
}

RC_GTEST_PROP(IpvsDiff, TheKernelAcceptsEveryOperationInItsOrder, ()) {
  Table table = *any_table();
  for (const Operation& operation : difference(*any_table(), table, *any_service_keys())) {
    RC_ASSERT(answer(table, operation) == 0);
    apply(table, operation);
  }
}

RC_GTEST_PROP(IpvsDiff, ForeignServicesAreInNoOperation, ()) {
  const Table wanted = *any_table();
  const auto ours = *any_service_keys();
  for (const Operation& operation : difference(wanted, *any_table(), ours))
    RC_ASSERT(wanted.contains(operation.service) || ours.contains(operation.service));
}

RC_GTEST_PROP(IpvsDiff, NoServiceThatKeepsADestinationIsEmptyInBetween, ()) {
  const Table wanted = *any_table();
  const Table actual = *any_table();
  Table table = actual;
  for (const Operation& operation : difference(wanted, actual, {})) {
    apply(table, operation);
    for (const auto& [key, service] : actual)
      if (const auto next = wanted.find(key); next != wanted.end() &&
                                              !next->second.destinations.empty() &&
                                              !service.destinations.empty())
        RC_ASSERT(!table[key].destinations.empty());
  }
}

}  // namespace
}  // namespace holdfast::ipvs
