#include "vrrp/core/announce.h"

#include <algorithm>
#include <utility>

namespace holdfast::vrrp {

void AnnounceSchedule::start(const Announcement& what, const AnnouncePlan& plan, TimePoint now) {
  if (plan.repeat == 0) return;  // nothing to say: what is being said goes on
  Progress progress;
  if (const auto replaced = plans_.find(what); replaced != plans_.end()) {
    progress.has_slot = replaced->second.has_slot;
    progress.due = replaced->second.due;
    cancel(what);
  }
  progress.plan = plan;
  progress.copies_left = plan.repeat;
  progress.second_block_follows = plan.delay > Duration{0};
  progress.block_start = now;
  if (!progress.has_slot) progress.due = now;  // the slot of the plan before is still its own
  turns_.insert(turn_of(what, progress));
  plans_.emplace(what, progress);
}

void AnnounceSchedule::cancel(const Announcement& what) {
  const auto found = plans_.find(what);
  if (found == plans_.end()) return;
  turns_.erase(turn_of(what, found->second));
  plans_.erase(found);
}

bool AnnounceSchedule::advance(Progress& progress, TimePoint now) {
  ++progress.copy;
  if (--progress.copies_left > 0) return true;
  progress.copy = 0;
  if (progress.second_block_follows) {
    progress.second_block_follows = false;
    progress.copies_left = progress.plan.repeat;
    progress.due = progress.block_start + progress.plan.delay;
  } else if (progress.plan.refresh > Duration{0}) {
    progress.copies_left = std::max(1U, progress.plan.refresh_repeat);
    progress.due = std::max(progress.due, now) + progress.plan.refresh;
  } else {
    return false;
  }
  return true;
}

std::vector<Announcement> AnnounceSchedule::take_due(TimePoint now, std::size_t most) {
  std::vector<Announcement> due;
  while (due.size() < most && !turns_.empty() && std::get<TimePoint>(*turns_.begin()) <= now) {
    const auto [when, copy, what] = *turns_.begin();
    const auto found = plans_.find(what);
    Progress& progress = found->second;
    turns_.erase(turns_.begin());
    const Family family = what.address.family();
    const Duration gap = gaps_[family];
    if (gap > Duration{0} && !std::exchange(progress.has_slot, false)) {
      TimePoint& free_at = interface_free_at_[{what.interface, family}];
      const TimePoint slot = std::max(free_at, now);
      free_at = slot + gap;
      if (slot > now) {  // not its turn yet: it has that slot for itself
        progress.due = slot;
        progress.has_slot = true;
        turns_.insert(turn_of(what, progress));
        continue;
      }
    }
    due.push_back(what);
    if (advance(progress, now))
      turns_.insert(turn_of(what, progress));
    else
      plans_.erase(found);
  }
  return due;
}

std::optional<TimePoint> AnnounceSchedule::deadline() const {
  if (turns_.empty()) return std::nullopt;
  return std::get<TimePoint>(*turns_.begin());
}

}  // namespace holdfast::vrrp
