#include "vrrp/core/filter.h"

#include <utility>

namespace holdfast::vrrp {

void FilterPlan::want(Owner owner, FilterElements elements) {
  const FilterElements before = std::exchange(owners_[owner], std::move(elements));
  const FilterElements& now = owners_[owner];
  for (const FilterElement& element : now) {
    if (before.contains(element) || wanted_[element]++ > 0) continue;
    removals_.erase(element);
    if (!applied_.contains(element)) additions_.insert(element);
  }
  for (const FilterElement& element : before) {
    if (now.contains(element) || --wanted_[element] > 0) continue;
    wanted_.erase(element);
    additions_.erase(element);
    if (applied_.contains(element)) removals_.insert(element);
  }
  if (now.empty()) owners_.erase(owner);
}

void FilterPlan::inherit(const FilterElements& elements) {
  for (const FilterElement& element : elements) {
    if (!applied_.contains(element)) additions_.insert(element);
    if (!wanted_.contains(element)) removals_.insert(element);
  }
}

FilterElements FilterPlan::everything() const {
  FilterElements all = applied_;
  all.insert(additions_.begin(), additions_.end());
  return all;
}

void FilterPlan::note_added() {
  applied_.merge(additions_);
  additions_.clear();
}

void FilterPlan::note_removed() {
  for (const FilterElement& element : removals_) {
    applied_.erase(element);
    additions_.erase(element);
  }
  removals_.clear();
}

}  // namespace holdfast::vrrp
