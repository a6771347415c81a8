#include "ipvs/diff.h"

#include <fmt/format.h>

namespace holdfast::ipvs {
namespace {

using Kind = Operation::Kind;

void add_service(std::vector<Operation>& out, const ServiceKey& key, const Service& service) {
  out.push_back({Kind::add_service, key, service.settings, {}, {}});
  for (const auto& [destination, settings] : service.destinations)
    out.push_back({Kind::add_destination, key, {}, destination, settings});
}

void change_service(std::vector<Operation>& out, const ServiceKey& key, const Service& wanted,
                    const Service& actual) {
  if (normalised(key, wanted.settings) != normalised(key, actual.settings))
    out.push_back({Kind::edit_service, key, wanted.settings, {}, {}});
  for (const auto& [destination, settings] : wanted.destinations) {
    const auto present = actual.destinations.find(destination);
    if (present == actual.destinations.end())
      out.push_back({Kind::add_destination, key, {}, destination, settings});
    else if (present->second != settings)
      out.push_back({Kind::edit_destination, key, {}, destination, settings});
  }
  for (const auto& [destination, settings] : actual.destinations)
    if (!wanted.destinations.contains(destination))
      out.push_back({Kind::remove_destination, key, {}, destination, {}});
}

void make_equal(std::vector<Operation>& out, const Table& actual, const ServiceKey& key,
                const Service& wanted) {
  const auto present = actual.find(key);
  if (present == actual.end())
    add_service(out, key, wanted);
  else
    change_service(out, key, wanted, present->second);
}

}  // namespace

std::string to_string(const Operation& operation) {
  const std::string service = to_string(operation.service);
  const std::string destination = to_string(operation.destination, operation.service.protocol);
  switch (operation.kind) {
    case Kind::add_service:
      return fmt::format("add service {}", service);
    case Kind::edit_service:
      return fmt::format("change service {}", service);
    case Kind::remove_service:
      return fmt::format("remove service {}", service);
    case Kind::add_destination:
      return fmt::format("add destination {} to {}", destination, service);
    case Kind::edit_destination:
      return fmt::format("change destination {} of {}", destination, service);
    case Kind::remove_destination:
      return fmt::format("remove destination {} from {}", destination, service);
  }
  return service;
}

std::vector<Operation> difference(const Table& wanted, const Table& actual,
                                  const std::set<ServiceKey>& ours) {
  std::vector<Operation> operations;
  for (const auto& [key, service] : actual)
    if (!wanted.contains(key) && ours.contains(key))
      operations.push_back({Kind::remove_service, key, {}, {}, {}});
  for (const auto& [key, service] : wanted) make_equal(operations, actual, key, service);
  return operations;
}

std::vector<Operation> difference(const Table& wanted, const Table& actual,
                                  const std::set<ServiceKey>& ours,
                                  const std::set<ServiceKey>& among) {
  std::vector<Operation> operations;
  for (const ServiceKey& key : among)
    if (!wanted.contains(key) && actual.contains(key) && ours.contains(key))
      operations.push_back({Kind::remove_service, key, {}, {}, {}});
  for (const ServiceKey& key : among)
    if (const auto service = wanted.find(key); service != wanted.end())
      make_equal(operations, actual, key, service->second);
  return operations;
}

void apply(Table& table, const Operation& operation) {
  const auto service = table.find(operation.service);
  switch (operation.kind) {
    case Kind::add_service:
      table[operation.service].settings = operation.service_settings;
      return;
    case Kind::edit_service:
      if (service != table.end()) service->second.settings = operation.service_settings;
      return;
    case Kind::remove_service:
      table.erase(operation.service);
      return;
    case Kind::add_destination:
    case Kind::edit_destination:
      if (service != table.end())
        service->second.destinations[operation.destination] = operation.destination_settings;
      return;
    case Kind::remove_destination:
      if (service != table.end()) service->second.destinations.erase(operation.destination);
      return;
  }
}

}  // namespace holdfast::ipvs
