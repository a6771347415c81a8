#include "checkers/core/marks.h"

#include <algorithm>
#include <optional>

namespace holdfast::checkers {
namespace {

/// What a daemon before this one gave to a range of the service.
std::optional<std::uint32_t> mark_in(const MarkedRanges& there, const VirtualServer& service) {
  for (const GroupRange& range : service.marked) {
    const auto found = there.find({service.key.protocol, range.first, range.last, range.port});
    if (found != there.end() && found->second != 0) return found->second;
  }
  return std::nullopt;
}

/// An address of a service that is known by it, within a range without a port.
bool is_exception(const ipvs::ServiceKey& key, const MarkedRanges& every_port) {
  if (key.fwmark != 0 || key.port == 0) return false;
  return std::ranges::any_of(every_port, [&](const auto& entry) {
    const MarkedRange& range = entry.first;
    return range.protocol == key.protocol && range.first.family() == key.address.family() &&
           range.first <= key.address && key.address <= range.last;
  });
}

}  // namespace

TakenMarks marks_in(std::span<const VirtualServer> services) {
  TakenMarks taken;
  for (const VirtualServer& service : services)
    for (const ipvs::ServiceKey& key : service.keys)
      if (key.fwmark != 0) taken.by_configuration.insert(key.fwmark);
  return taken;
}

Marks give_marks(std::span<const VirtualServer> services, const Marks& before,
                 const MarkedRanges& there, const TakenMarks& taken, std::uint32_t first) {
  Marks marks;
  std::set<std::uint32_t> used = taken.by_configuration;
  const auto keep = [&](const VirtualServer& service, std::optional<std::uint32_t> mark) {
    if (mark && !marks.contains(service.identity()) && used.insert(*mark).second)
      marks.emplace(service.identity(), *mark);
  };
  for (const VirtualServer& service : services)
    if (const auto found = before.find(service.identity());
        !service.marked.empty() && found != before.end())
      keep(service, found->second);
  for (const VirtualServer& service : services) keep(service, mark_in(there, service));
  used.insert(taken.by_others.begin(), taken.by_others.end());
  std::uint32_t next = first;
  for (const VirtualServer& service : services) {
    if (service.marked.empty() || marks.contains(service.identity())) continue;
    while (next == 0 || used.contains(next)) ++next;
    keep(service, next);
  }
  return marks;
}

MarkedRanges marked_ranges(std::span<const VirtualServer> services, const Marks& marks) {
  MarkedRanges ranges;
  MarkedRanges every_port;
  for (const VirtualServer& service : services)
    if (const auto mark = marks.find(service.identity()); mark != marks.end())
      for (const GroupRange& range : service.marked)
        (range.port == 0 ? every_port : ranges)
            .emplace(MarkedRange{service.key.protocol, range.first, range.last, range.port},
                     mark->second);
  // IPVS itself looks for the mark before it looks for the address.
  if (!every_port.empty())
    for (const VirtualServer& service : services)
      if (service.marked.empty())
        for (const ipvs::ServiceKey& key : service.keys)
          if (is_exception(key, every_port))
            ranges.emplace(MarkedRange{key.protocol, key.address, key.address, key.port}, 0);
  ranges.merge(every_port);
  return ranges;
}

}  // namespace holdfast::checkers
