#include "vrrp/core/announce.h"

#include <algorithm>

namespace holdfast::vrrp {

void AnnounceSchedule::set_pace(PaceOf pace_of, TimePoint now) {
  pace_of_ = std::move(pace_of);
  std::vector<Plan*> ready;
  for (const auto& [key, lane] : lanes_)
    for (const auto& [copies, queue] : lane.ready)
      ready.insert(ready.end(), queue.begin(), queue.end());
  std::ranges::sort(ready, {}, &Plan::turn);
  for (Plan* plan : ready) take_out(*plan);
  for (Plan* plan : ready) put(*plan, now);
}

void AnnounceSchedule::start(const Announcement& what, const AnnouncePlan& plan, TimePoint now) {
  if (plan.repeat == 0) return;  // nothing to say: what is being said goes on
  const auto [found, is_new] = plans_.try_emplace(what);
  Plan& entry = found->second;
  const bool keeps_its_place = !is_new && entry.lane != nullptr && entry.copies_sent == 0;
  if (!is_new && !keeps_its_place) take_out(entry);
  entry.what = what;
  entry.plan = plan;
  entry.copies_left = plan.repeat;
  entry.copies_sent = 0;
  entry.is_extra = false;
  entry.second_block_follows = plan.delay > Duration{0};
  entry.block_start = entry.due = now;
  if (!keeps_its_place) put(entry, now);
}

void AnnounceSchedule::repeat(const Announcement& what, TimePoint now) {
  const auto found = plans_.find(what);
  if (found == plans_.end()) return start(what, {1, Duration{0}, Duration{0}, 1}, now);
  Plan& plan = found->second;
  if (plan.lane != nullptr) return;
  take_out(plan);
  plan.is_extra = true;
  make_ready(plan);
}

void AnnounceSchedule::cancel(const Announcement& what) {
  const auto found = plans_.find(what);
  if (found == plans_.end()) return;
  take_out(found->second);
  plans_.erase(found);
}

void AnnounceSchedule::put(Plan& plan, TimePoint now) {
  if (plan.due <= now) return make_ready(plan);
  plan.lane = nullptr;
  plan.waiting_at = waiting_.emplace_hint(waiting_.end(), plan.due, &plan);
}

void AnnounceSchedule::make_ready(Plan& plan) {
  const Pace pace = pace_of_ ? pace_of_(plan.what) : Pace{{false, plan.what.interface}, {}};
  const LaneKey key{pace.timer, plan.what.address.family()};
  Lane& lane = lanes_[key];
  lane.key = key;
  lane.gap = pace.gap;
  plan.lane = &lane;
  plan.turn = ++last_turn_;
  auto& queue = lane.ready[plan.copies_sent];
  plan.ready_at = queue.insert(queue.end(), &plan);
  settle(lane);
}

void AnnounceSchedule::take_out(Plan& plan) {
  if (plan.lane == nullptr) {
    waiting_.erase(plan.waiting_at);
    return;
  }
  Lane& lane = *std::exchange(plan.lane, nullptr);
  const auto queue = lane.ready.find(plan.copies_sent);
  queue->second.erase(plan.ready_at);
  if (queue->second.empty()) lane.ready.erase(queue);
  settle(lane);
}

/// A lane that waits for its gap is asked when that is over; of the others the next one has a turn.
void AnnounceSchedule::settle(Lane& lane) {
  if (lane.is_paused) return;
  std::optional<Turn> turn;
  if (!lane.ready.empty()) {
    const auto& [copies, queue] = *lane.ready.begin();
    turn = Turn{copies, queue.front()->turn, &lane};
  }
  if (turn == lane.turn) {
    if (!turn) lanes_.erase(lane.key);
    return;
  }
  if (lane.turn) turns_.erase(*lane.turn);
  lane.turn = turn;
  if (turn)
    turns_.insert(*turn);
  else
    lanes_.erase(lane.key);
}

void AnnounceSchedule::wake(TimePoint now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    Plan& plan = *waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    make_ready(plan);
  }
  while (!paused_.empty() && paused_.begin()->first <= now) {
    Lane& lane = *paused_.begin()->second;
    paused_.erase(paused_.begin());
    lane.is_paused = false;
    settle(lane);
  }
}

bool AnnounceSchedule::advance(Plan& plan, TimePoint now) {
  if (plan.copies_sent < refreshing - 1) ++plan.copies_sent;
  if (--plan.copies_left > 0) return true;
  if (plan.second_block_follows) {
    plan.second_block_follows = false;
    plan.copies_left = plan.plan.repeat;
    plan.due = plan.block_start + plan.plan.delay;
  } else if (plan.plan.refresh > Duration{0}) {
    plan.copies_sent = refreshing;
    plan.copies_left = std::max(1U, plan.plan.refresh_repeat);
    plan.due += plan.plan.refresh;  // no drift, unless it has been late for a whole round
    if (plan.due <= now) plan.due = now + plan.plan.refresh;
  } else {
    return false;
  }
  return true;
}

std::vector<Announcement> AnnounceSchedule::take_due(TimePoint now, std::size_t most, Which which) {
  std::vector<Announcement> due;
  wake(now);
  while (due.size() < most && !turns_.empty()) {
    const auto& [copies_sent, turn, next] = *turns_.begin();
    if (which == Which::first_copies && copies_sent > 0) break;
    Lane& lane = *next;
    Plan& plan = *lane.ready.begin()->second.front();
    due.push_back(plan.what);
    if (lane.gap > Duration{0}) {
      turns_.erase(*std::exchange(lane.turn, std::nullopt));
      lane.free_at = now + lane.gap;
      lane.is_paused = true;
      paused_.emplace(lane.free_at, &lane);
    }
    take_out(plan);
    if (std::exchange(plan.is_extra, false) || advance(plan, now))
      put(plan, now);
    else
      plans_.erase(plan.what);
  }
  return due;
}

std::optional<TimePoint> AnnounceSchedule::deadline() const {
  std::optional<TimePoint> next;
  if (!turns_.empty()) next = std::get<Lane*>(*turns_.begin())->ready.begin()->second.front()->due;
  if (!paused_.empty()) next = earliest(next, paused_.begin()->first);
  if (!waiting_.empty()) next = earliest(next, waiting_.begin()->first);
  return next;
}

}  // namespace holdfast::vrrp
