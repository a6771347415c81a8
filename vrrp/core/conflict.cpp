#include "vrrp/core/conflict.h"

#include <algorithm>

namespace holdfast::vrrp {

ConflictWatch::Tell ConflictWatch::rival(const IpAddress& source, TimePoint now, Duration silence) {
  ++counters_.adverts;
  const bool begins = !open_;
  if (begins) {
    ++counters_.conflicts;
    open_ = Open{source, now, now, now, 0};
  }
  open_->rival = source;
  open_->over_at = now + silence;
  ++open_->adverts;
  if (begins) return Tell::begins;
  if (now - open_->told_at < rival_gap) return Tell::nothing;
  open_->told_at = now;
  return Tell::goes_on;
}

bool ConflictWatch::may_announce(TimePoint now) {
  if (announced_at_ && now - *announced_at_ < rival_gap) return false;
  announced_at_ = now;
  return true;
}

std::optional<ConflictWatch::Ended> ConflictWatch::end_if_silent(TimePoint now) {
  if (!open_ || open_->over_at > now) return std::nullopt;
  return end(now);
}

std::optional<ConflictWatch::Ended> ConflictWatch::end(TimePoint now) {
  if (!open_) return std::nullopt;
  const Ended ended{open_->rival, now - open_->since, open_->adverts};
  open_.reset();
  return ended;
}

std::optional<TimePoint> ConflictWatch::deadline() const {
  return open_ ? std::optional{open_->over_at} : std::nullopt;
}

ConflictWatch::Stranger ConflictWatch::stranger(const IpAddress& address, TimePoint now) {
  if (now < active_since_) return Stranger::leftover;
  ++counters_.frames;
  const auto [known, is_new] = defended_.try_emplace(address, now);
  if (!is_new && now - known->second < defend_gap) return Stranger::known;
  known->second = now;
  std::erase_if(defended_, [&](const auto& entry) { return now - entry.second >= defend_gap; });
  return Stranger::defend;
}

std::vector<NumberRange> cover(std::vector<std::uint32_t> numbers, std::size_t most) {
  std::ranges::sort(numbers);
  std::vector<NumberRange> ranges;
  for (const std::uint32_t number : numbers)
    if (!ranges.empty() && number - ranges.back().second <= 1)
      ranges.back().second = number;
    else
      ranges.emplace_back(number, number);
  if (ranges.size() <= most) return ranges;
  // The widest gaps stay open.
  std::vector<std::size_t> gaps;
  for (std::size_t i = 1; i < ranges.size(); ++i) gaps.push_back(i);
  const auto width = [&](std::size_t i) { return ranges[i].first - ranges[i - 1].second; };
  std::ranges::sort(gaps, std::greater{}, width);
  gaps.resize(most - 1);
  std::ranges::sort(gaps);
  std::vector<NumberRange> covering;
  std::size_t begin = 0;
  for (const std::size_t gap : gaps) {
    covering.emplace_back(ranges[begin].first, ranges[gap - 1].second);
    begin = gap;
  }
  covering.emplace_back(ranges[begin].first, ranges.back().second);
  return covering;
}

}  // namespace holdfast::vrrp
