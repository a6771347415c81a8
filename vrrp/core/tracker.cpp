#include "vrrp/core/tracker.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

#include "vrrp/core/packet.h"

namespace holdfast::vrrp {
namespace {

Contribution of_file(const Tracked& tracked, std::int64_t number) {
  if (tracked.weight == 0) return {0, (number != 0) != tracked.reverse, false};
  const std::int64_t product = number * tracked.weight * (tracked.reverse ? -1 : 1);
  if (product < -most_weight) return {0, true, false};
  return {static_cast<std::int16_t>(std::min<std::int64_t>(product, most_weight)), false, false};
}

Contribution of_verdict(const Tracked& tracked, bool good) {
  const bool counts_as_good = good != tracked.reverse;
  if (tracked.weight == 0) return {0, !counts_as_good, false};
  const bool adds = counts_as_good == (tracked.weight > 0);
  return {adds ? tracked.weight : std::int16_t{0}, false, false};
}

}  // namespace

Contribution contribution(const Tracked& tracked, const Reading& reading) {
  switch (reading.kind) {
    case Reading::Kind::unknown: {
      // A file and a process are read at once; a script may take its time, and its weight waits.
      const bool waits = tracked.weight == 0 || tracked.kind != TrackKind::script;
      return {0, false, waits};
    }
    case Reading::Kind::left_out:
      return {};
    case Reading::Kind::number:
      return of_file(tracked, reading.number);
    case Reading::Kind::good:
    case Reading::Kind::bad:
      return of_verdict(tracked, reading.kind == Reading::Kind::good);
  }
  return {};
}

std::uint8_t effective_priority(std::uint8_t base, int total) {
  if (base == owner_priority) return base;
  return static_cast<std::uint8_t>(std::clamp(base + total, 1, owner_priority - 1));
}

bool TrackedSum::set(std::size_t tracker, const Contribution& now) {
  Contribution& part = parts_.at(tracker);
  if (part == now) return false;
  total_ += now.weight - part.weight;
  faults_ = faults_ - (part.fault ? 1 : 0) + (now.fault ? 1 : 0);
  waiting_ = waiting_ - (part.waiting ? 1 : 0) + (now.waiting ? 1 : 0);
  part = now;
  return true;
}

int Damper::set(int total, TimePoint now, Duration hold) {
  wanted_ = total;
  if (wanted_ == counts_ || (changed_ && now < *changed_ + hold)) return counts_;
  counts_ = wanted_;
  changed_ = now;
  return counts_;
}

std::optional<TimePoint> Damper::due(Duration hold) const {
  if (wanted_ == counts_ || !changed_) return std::nullopt;
  return *changed_ + hold;
}

bool Settling::set(bool state, TimePoint now, Duration delay) {
  at(now);
  if (state == counts_) {
    due_.reset();
  } else if (delay <= Duration{0}) {
    due_.reset();
    counts_ = state;
  } else if (!due_) {
    due_ = now + delay;
  }
  return counts_;
}

bool Settling::at(TimePoint now) {
  if (due_ && *due_ <= now) {
    due_.reset();
    counts_ = !counts_;
  }
  return counts_;
}

ScriptHealth::ScriptHealth(std::uint32_t rise, std::uint32_t fall, bool fails)
    : rise_{std::max(rise, 1U)}, fall_{std::max(fall, 1U)}, counter_{rise_ - 1}, known_{fails} {}

bool ScriptHealth::result(bool success) {
  const bool was_known = std::exchange(known_, true);
  const bool was_good = is_good();
  const std::uint64_t best = rise_ + fall_ - 1;
  // The first result stands for a whole row of them.
  const bool first = std::exchange(first_, false);
  if (success)
    counter_ = first || counter_ + 1 >= rise_ ? best : counter_ + 1;
  else
    counter_ = first || counter_ <= rise_ ? 0 : counter_ - 1;
  return !was_known || is_good() != was_good;
}

void ScriptHealth::resume(std::uint64_t counter) {
  counter_ = std::min(counter, rise_ + fall_ - 1);
  known_ = true;
  first_ = false;
}

}  // namespace holdfast::vrrp
