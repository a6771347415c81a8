#include "ipvs/outline.h"

#include <algorithm>

namespace holdfast::ipvs {
namespace {

bool fits(const ServiceKey& key, const Outline& outline, const Service& known) {
  return outline.destinations.value_or(known.destinations.size()) == known.destinations.size() &&
         normalised(key, outline.settings) == normalised(key, known.settings);
}

}  // namespace

std::set<ServiceKey> changed(const Outlines& outlines, const Table& mirror,
                             const std::set<ServiceKey>& among) {
  std::set<ServiceKey> found;
  for (const ServiceKey& key : among) {
    const auto known = mirror.find(key);
    const auto told = outlines.find(key);
    const bool was_there = known != mirror.end();
    const bool is_there = told != outlines.end();
    if (was_there != is_there || (is_there && !fits(key, told->second, known->second)))
      found.insert(found.end(), key);
  }
  return found;
}

bool need_netlink(const Table& mirror, const std::set<ServiceKey>& among) {
  return std::ranges::any_of(among, [&](const ServiceKey& key) {
    if (!key.address.is_v4()) return true;
    const auto known = mirror.find(key);
    return known != mirror.end() && (known->second.settings.flags & service_flag::persistent) != 0;
  });
}

}  // namespace holdfast::ipvs
