#include "vrrp/core/process_count.h"

#include <algorithm>

namespace holdfast::vrrp {
namespace {

/// @source linux/sched.h TASK_COMM_LEN: 16 bytes with the final 0
constexpr std::size_t longest_name = 15;

bool parameters_match(const ProcessSettings& wanted, const ProcessImage& image) {
  if (wanted.param_match == ParamMatch::ignore) return true;
  const std::size_t present = image.arguments.empty() ? 0 : image.arguments.size() - 1;
  const std::size_t needed = wanted.parameters.size();
  if (wanted.param_match == ParamMatch::exact ? present != needed : present < needed) return false;
  for (std::size_t i = 0; i < needed; ++i) {
    const std::string& argument = image.arguments[i + 1];
    const bool last = wanted.param_match == ParamMatch::initial && i + 1 == needed;
    if (last ? !argument.starts_with(wanted.parameters[i]) : argument != wanted.parameters[i])
      return false;
  }
  return true;
}

}  // namespace

bool ProcessCount::Tracker::has_quorum() const {
  // quorum_max 0: it must not run.
  if (settings.quorum_max && *settings.quorum_max == 0) return count == 0;
  return count >= settings.quorum && (!settings.quorum_max || count <= *settings.quorum_max);
}

void ProcessCount::set(const std::vector<ProcessSettings>& trackers) {
  std::map<std::string, Tracker> before;
  for (Tracker& old : trackers_) before.emplace(old.settings.name, std::move(old));
  trackers_.clear();
  by_name_.clear();
  by_command_.clear();
  index_.clear();
  due_.clear();
  touched_.clear();
  needs_arguments_ = false;
  for (const ProcessSettings& settings : trackers) {
    const std::size_t index = trackers_.size();
    Tracker tracker{settings, 0, Settling{}, false};
    if (const auto old = before.find(settings.name);
        old != before.end() && old->second.settings == settings) {
      tracker.verdict = old->second.verdict;
      tracker.known = old->second.known;
    }
    trackers_.push_back(std::move(tracker));
    index_.emplace(settings.name, index);
    if (settings.full_command)
      by_command_.emplace(settings.command, index);
    else
      by_name_.emplace(settings.command.substr(0, longest_name), index);
    needs_arguments_ |= settings.full_command || settings.param_match != ParamMatch::ignore;
  }
  clear();
}

void ProcessCount::clear() {
  processes_.clear();
  ++version_;
  for (std::size_t i = 0; i < trackers_.size(); ++i) {
    trackers_[i].count = 0;
    touched_.insert(i);
  }
}

void ProcessCount::recount(std::size_t tracker, int by) {
  trackers_[tracker].count += static_cast<std::size_t>(by);
  touched_.insert(tracker);
}

void ProcessCount::seen(ProcessId pid, const ProcessImage& image) {
  std::vector<std::size_t> matches;  // of one kind in one order, so that equal ones compare equal
  const auto look = [&](const auto& table, const std::string& key) {
    const auto [first, last] = table.equal_range(key);
    for (auto entry = first; entry != last; ++entry)
      if (parameters_match(trackers_[entry->second].settings, image))
        matches.push_back(entry->second);
  };
  look(by_name_, image.name);
  if (!image.arguments.empty()) look(by_command_, image.arguments.front());
  const auto known = processes_.find(pid);
  if (known != processes_.end() ? known->second == matches : matches.empty()) return;
  gone(pid);
  for (const std::size_t tracker : matches) recount(tracker, 1);
  if (!matches.empty()) processes_.emplace(pid, std::move(matches));
  ++version_;
}

void ProcessCount::forked(ProcessId parent, ProcessId child) {
  const auto found = processes_.find(parent);
  if (found == processes_.end() || processes_.contains(child)) return;
  const std::vector<std::size_t> matches = found->second;
  for (const std::size_t tracker : matches) recount(tracker, 1);
  processes_.emplace(child, matches);
  ++version_;
}

void ProcessCount::gone(ProcessId pid) {
  const auto found = processes_.find(pid);
  if (found == processes_.end()) return;
  for (const std::size_t tracker : found->second) recount(tracker, -1);
  processes_.erase(found);
  ++version_;
}

std::vector<ProcessId> ProcessCount::known() const {
  std::vector<ProcessId> all;
  for (const auto& [pid, matches] : processes_) all.push_back(pid);
  return all;
}

void ProcessCount::settle() {
  for (Tracker& tracker : trackers_) {
    if (tracker.known) continue;
    tracker.known = true;
    tracker.verdict = Settling{tracker.has_quorum()};
  }
}

std::vector<std::string> ProcessCount::changed(TimePoint now) {
  while (!due_.empty() && due_.begin()->first <= now)
    touched_.insert(due_.extract(due_.begin()).value().second);
  std::vector<std::string> names;
  for (const std::size_t i : std::exchange(touched_, {})) {
    Tracker& tracker = trackers_[i];
    if (tracker.verdict.due()) due_.erase({*tracker.verdict.due(), i});
    const bool before = tracker.verdict.counts();
    const bool has = tracker.has_quorum();
    tracker.verdict.set(has, now,
                        has ? tracker.settings.fork_delay : tracker.settings.terminate_delay);
    if (const auto due = tracker.verdict.due()) due_.emplace(*due, i);
    if (tracker.verdict.counts() != before) names.push_back(tracker.settings.name);
  }
  return names;
}

Reading ProcessCount::reading(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end() || !trackers_[found->second].known) return {};
  return Reading::of(trackers_[found->second].verdict.counts());
}

std::size_t ProcessCount::count(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? 0 : trackers_[found->second].count;
}

std::optional<TimePoint> ProcessCount::deadline() const {
  return due_.empty() ? std::nullopt : std::optional{due_.begin()->first};
}

}  // namespace holdfast::vrrp
