// The difference between the wanted table and the actual one, as operations. Pure.
#pragma once

#include <set>
#include <vector>

#include "ipvs/table.h"

namespace holdfast::ipvs {

struct Operation {
  enum class Kind : std::uint8_t {
    add_service,
    edit_service,
    remove_service,  ///< takes its destinations with it
    add_destination,
    edit_destination,
    remove_destination,
  };
  Kind kind = Kind::add_service;
  ServiceKey service;
  ServiceSettings service_settings;          ///< add and edit of a service
  DestinationKey destination;                ///< of the last three
  DestinationSettings destination_settings;  ///< add and edit of a destination
  bool operator==(const Operation&) const = default;
};
/// For the operator: "add destination [10.0.0.2]:tcp:80 to [10.0.0.1]:tcp:80".
std::string to_string(const Operation& operation);

/// Operations that make `actual` equal to `wanted`; safe at every prefix: a destination never
/// before its service, and within a service additions before removals. Services that are neither
/// wanted nor in `ours` belong to somebody else and are left alone.
std::vector<Operation> difference(const Table& wanted, const Table& actual,
                                  const std::set<ServiceKey>& ours);

/// The same for these services alone, at a cost that follows from their number.
std::vector<Operation> difference(const Table& wanted, const Table& actual,
                                  const std::set<ServiceKey>& ours,
                                  const std::set<ServiceKey>& among);

/// What the kernel does with an operation, for mirrors and tests. Unknown objects are ignored.
void apply(Table& table, const Operation& operation);

}  // namespace holdfast::ipvs
