// What a virtual_server is in the kernel's table: one address and port, a firewall mark, or every
// address and mark of a group; and its name in logs, FIFOs and mails.
#include <algorithm>

#include "checkers/config/address_claims.h"
#include "checkers/config/schema.h"

namespace holdfast::checkers {
namespace {

using config::Reader;
using ipvs::ServiceKey;

/// More than any group means: a /16. Each is a service of its own in the kernel.
constexpr std::size_t most_keys = 65536;

/// That of ip_family, else that of the first server.
Family family_of_mark(const VirtualServer& service, std::optional<Family> family) {
  if (family) return *family;
  if (service.ip_family) return *service.ip_family;
  return service.servers.empty() ? Family::ipv4 : service.servers.front().key.address.family();
}

/// False: the range is longer than what a group may have.
bool add_range(const GroupRange& range, ipvs::Protocol protocol, std::vector<ServiceKey>& keys) {
  for (IpAddress address = range.first;; address = following(address)) {
    if (keys.size() >= most_keys) return false;
    keys.push_back({protocol, address, range.port});
    if (address == range.last) return true;
  }
}

bool settle_group(VirtualServer& service, const CheckersConfig& config, Reader& reader) {
  const std::vector<ServerGroup>& groups = config.groups;
  service.name = fmt::format("[{}]:0", service.group);
  const auto group = std::ranges::find(groups, service.group, &ServerGroup::name);
  if (group == groups.end()) {
    std::vector<std::string_view> names;
    for (const ServerGroup& known : groups) names.emplace_back(known.name);
    reader.warn(service.place,
                fmt::format("virtual_server group {} has no virtual_server_group of that name{}; "
                            "it is left out",
                            service.group, config::did_you_mean(service.group, names)));
    return false;
  }
  // A group that has marks of its own gets none (runtime.md 15).
  if (config.globals.firewall.ipvs_table && group->marks.empty()) {
    service.marked = group->ranges;
    settle_marked_keys(service);
    return true;
  }
  bool whole = true;
  for (const GroupRange& range : group->ranges)
    whole = whole && add_range(range, service.key.protocol, service.keys);
  for (const GroupMark& mark : group->marks)
    service.keys.push_back(ServiceKey::of_mark(mark.fwmark, family_of_mark(service, mark.family)));
  if (!whole)
    reader.error(group->place, fmt::format("virtual_server_group {} has more than {} addresses",
                                           group->name, most_keys));
  return whole;
}

}  // namespace

void settle_marked_keys(VirtualServer& service) {
  service.keys.clear();
  for (const GroupRange& range : service.marked)
    service.keys.push_back({service.key.protocol, range.first, range.port});
}

std::vector<ServiceKey> keys_without_mark(const VirtualServer& service) {
  std::vector<ServiceKey> keys;
  for (const GroupRange& range : service.marked)
    if (!add_range(range, service.key.protocol, keys)) return {};
  return keys;
}

bool settle_keys(VirtualServer& service, const CheckersConfig& config, Reader& reader) {
  if (!service.group.empty()) return settle_group(service, config, reader);
  ServiceKey key = service.key;
  if (key.fwmark != 0) key = ServiceKey::of_mark(key.fwmark, family_of_mark(service, std::nullopt));
  service.name = to_string(key);
  service.keys = {key};
  return true;
}

}  // namespace holdfast::checkers
