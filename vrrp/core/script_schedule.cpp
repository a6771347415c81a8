#include "vrrp/core/script_schedule.h"

namespace holdfast::vrrp {

void ScriptSchedule::set(const std::vector<ScriptSettings>& scripts, TimePoint now) {
  auto before = std::exchange(scripts_, {});
  queue_.clear();
  for (const ScriptSettings& settings : scripts) {
    Script script{settings, ScriptHealth{settings.rise, settings.fall, settings.init_fail}, now};
    if (const auto old = before.find(settings.name);
        old != before.end() && old->second.settings.identity == settings.identity) {
      const Script& known = old->second;
      script.running = known.running;
      script.left_out = known.left_out;
      if (settings == known.settings) {
        script.health = known.health;
        script.next = known.next;
      } else if (known.health.has_result()) {
        // As good or as bad as it was, by the new rise and fall.
        script.health.resume(known.health.is_good() ? settings.rise + settings.fall : 0);
      }
    }
    queue_.emplace(script.next, settings.name);
    scripts_.emplace(settings.name, std::move(script));
  }
}

void ScriptSchedule::resume(const std::string& name, std::uint64_t counter) {
  if (const auto found = scripts_.find(name); found != scripts_.end())
    found->second.health.resume(counter);
}

std::vector<ScriptSchedule::Run> ScriptSchedule::due(TimePoint now,
                                                     std::vector<std::string>& overdue) {
  std::vector<Run> runs;
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const std::string name = queue_.extract(queue_.begin()).value().second;
    Script& script = scripts_.at(name);
    // Late wake-ups do not add up, and what was missed is not made up for.
    script.next = std::max(script.next + script.settings.interval, now);
    if (script.next == now) script.next = now + script.settings.interval;
    queue_.emplace(script.next, name);
    if (script.running != 0) {
      overdue.push_back(name);
      continue;
    }
    script.running = ++last_run_;
    runs.push_back({name, script.running, script.settings.timeout});
  }
  return runs;
}

bool ScriptSchedule::finished(const std::string& name, std::uint64_t number,
                              ScriptOutcome outcome) {
  const auto found = scripts_.find(name);
  if (found == scripts_.end() || found->second.running != number || number == 0) return false;
  Script& script = found->second;
  if (outcome != ScriptOutcome::timed_out) script.running = 0;
  if (outcome == ScriptOutcome::ended) return false;
  if (outcome == ScriptOutcome::refused && !script.health.has_result())
    return !std::exchange(script.left_out, true);
  const bool was_left_out = std::exchange(script.left_out, false);
  return script.health.result(outcome == ScriptOutcome::good) || was_left_out;
}

Reading ScriptSchedule::reading(const std::string& name) const {
  const auto found = scripts_.find(name);
  if (found == scripts_.end()) return {};
  return found->second.left_out ? Reading{Reading::Kind::left_out, 0}
                                : found->second.health.reading();
}

std::optional<std::uint64_t> ScriptSchedule::counter(const std::string& name) const {
  const auto found = scripts_.find(name);
  if (found == scripts_.end() || !found->second.health.has_result()) return std::nullopt;
  return found->second.health.counter();
}

std::optional<TimePoint> ScriptSchedule::deadline() const {
  return queue_.empty() ? std::nullopt : std::optional{queue_.begin()->first};
}

}  // namespace holdfast::vrrp
