#include "ipvs/reconciler.h"

#include <algorithm>
#include <utility>

namespace holdfast::ipvs {

void Reconciler::want(const ServiceKey& key, Service service) {
  const auto [entry, is_new] = wanted_.try_emplace(key);
  if (!is_new && entry->second == service) return;
  entry->second = std::move(service);
  ours_.insert(key);
  touched_.insert(key);
}

void Reconciler::unwant(const ServiceKey& key) {
  wanted_.erase(key);
  touched_.insert(key);
}

void Reconciler::remove(const ServiceKey& key) {
  ours_.insert(key);
  unwant(key);
}

void Reconciler::own_marks(std::uint32_t first, std::uint32_t last) {
  first_mark_ = first;
  last_mark_ = last;
  adopt_marks();
}

void Reconciler::adopt_marks() {
  if (first_mark_ == 0) return;
  for (const auto& [key, service] : mirror_) {
    if (key.protocol != Protocol::none) break;  // those of marks are the first ones
    if (key.fwmark < first_mark_ || key.fwmark > last_mark_) continue;
    ours_.insert(key);
    touched_.insert(key);
  }
}

std::set<std::uint32_t> Reconciler::marks_of_others() const {
  std::set<std::uint32_t> marks;
  for (const auto& [key, service] : mirror_)
    if (key.fwmark != 0 && !ours_.contains(key)) marks.insert(key.fwmark);
  return marks;
}

void Reconciler::reconcile() {
  if (touched_.empty() || !mirror_valid_ || connector_.connect() == nullptr) return;
  const auto refused = send(difference(wanted_, mirror_, ours_, touched_));
  forget_removed();
  if (!refused.empty()) repair(unsettled_, 0);  // which says what is still refused then
}

void Reconciler::settle() {
  if (mirror_valid_)
    reconcile();
  else
    resync();
}

bool Reconciler::resync() {
  KernelPort* const kernel = connector_.connect();
  if (kernel == nullptr) return false;
  auto actual = kernel->dump();
  if (!actual) return lose(actual.error());
  dump_error_.clear();
  connector_.ask_soon();
  if (mirror_valid_) report_drift(difference(mirror_, *actual, ours_, ours_), ours_.size());
  mirror_ = std::move(*actual);
  mirror_valid_ = true;
  adopt_marks();
  touched_ = ours_;
  make_as_wanted();
  return true;
}

void Reconciler::make_as_wanted() {
  unsettled_.clear();
  report(send(difference(wanted_, mirror_, ours_, touched_)));
  forget_removed();
}

bool Reconciler::lose(const Error& error) {
  if (std::exchange(dump_error_, error.what) != error.what)
    log_.write(Event{Level::error, "ipvs_dump", error.what});
  connector_.drop();
  mirror_valid_ = false;
  return false;
}

bool Reconciler::look() {
  KernelPort* const kernel = mirror_valid_ ? connector_.connect() : nullptr;
  if (kernel == nullptr) return resync();
  const auto outlines = kernel->outlines(need_netlink(mirror_, ours_));
  if (!outlines) return lose(outlines.error());
  std::set<ServiceKey> doubtful = changed(*outlines, mirror_, ours_);
  const std::vector<ServiceKey> part = next_part();
  for (const ServiceKey& key : part) {
    const auto known = mirror_.find(key);
    if (known == mirror_.end() || doubtful.contains(key)) continue;
    const auto has = kernel->has_destinations(key, known->second);
    if (!has) return lose(has.error());
    if (!*has) doubtful.insert(key);
  }
  doubtful.insert(unsettled_.begin(), unsettled_.end());
  return repair(std::move(doubtful), part.size());
}

std::vector<ServiceKey> Reconciler::next_part() {
  constexpr std::size_t least = 256;
  const std::size_t size = std::min(ours_.size(), std::max(least, (ours_.size() + 1) / 2));
  std::vector<ServiceKey> part;
  auto service = next_ ? ours_.lower_bound(*next_) : ours_.begin();
  if (service == ours_.end()) service = ours_.begin();
  while (part.size() < size && service != ours_.end()) part.push_back(*service++);
  next_ = service == ours_.end() ? std::nullopt : std::optional{*service};
  return part;
}

bool Reconciler::repair(std::set<ServiceKey> doubtful, std::size_t looked_at) {
  Table before;
  Table actual;
  for (const ServiceKey& key : doubtful) {
    auto read = connector_.get()->read(key);
    if (!read) return lose(read.error());
    if (auto known = mirror_.extract(key)) before.insert(std::move(known));
    if (*read) mirror_[key] = actual[key] = std::move(**read);
  }
  report_drift(difference(before, actual, ours_, doubtful), looked_at);
  touched_.merge(doubtful);
  make_as_wanted();
  return true;
}

void Reconciler::report_drift(const std::vector<Operation>& operations, std::size_t looked_at) {
  counters_.drift += operations.size();
  for (const Operation& operation : operations) ++repairs_[operation.service];
  in_order_ = operations.empty() ? in_order_ + looked_at : 0;
  if (operations.empty()) {
    if (in_order_ >= ours_.size()) drift_reported_ = false;
  } else if (!std::exchange(drift_reported_, true)) {
    log_.write(
        Event{Level::warning, "ipvs_repaired",
              fmt::format("the IPVS table was changed by another program: {} repairs, first: {}",
                          operations.size(), to_string(operations.front()))});
  }
}

std::vector<Refused> Reconciler::send(const std::vector<Operation>& operations) {
  if (operations.empty()) return {};
  auto refused = connector_.get()->apply(operations);
  counters_.refused += refused.size();
  counters_.operations += operations.size() - refused.size();
  auto failed = refused.begin();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (failed != refused.end() && failed->index == i) {
      unsettled_.insert(operations[i].service);
      ++failed;
    } else {
      apply(mirror_, operations[i]);
    }
  }
  return refused;
}

void Reconciler::report(const std::vector<Refused>& refused) {
  constexpr std::size_t most_shown = 20;
  std::set<std::string> now;
  std::size_t shown = 0;
  for (const Refused& refusal : refused) {
    const std::string& what = refusal.error.what;
    if (!now.insert(what).second || refusals_.contains(what) || ++shown > most_shown) continue;
    log_.write(Event{Level::error, "ipvs_refused", what});
  }
  refusals_ = std::move(now);
}

void Reconciler::forget_removed() {
  for (const ServiceKey& key : std::exchange(touched_, {}))
    if (!wanted_.contains(key) && !mirror_.contains(key)) {
      ours_.erase(key);
      repairs_.erase(key);
    }
}

std::uint64_t Reconciler::repairs(const ServiceKey& key) const {
  const auto found = repairs_.find(key);
  return found == repairs_.end() ? 0 : found->second;
}

std::optional<std::map<DestinationKey, Connections>> Reconciler::connections(
    const ServiceKey& service) {
  if (kernel() == nullptr) return std::nullopt;
  auto open = kernel()->connections(service);
  return open ? std::optional{std::move(*open)} : std::nullopt;
}

Result<ServiceStatistics> Reconciler::statistics(const ServiceKey& service) {
  if (kernel() == nullptr) return fail("there is no IPVS in this kernel");
  return kernel()->statistics(service);
}

void Reconciler::flush() {
  KernelPort* const kernel = connector_.connect();
  if (kernel == nullptr) return;
  const auto flushed = kernel->flush();
  if (!flushed) log_.write(Event{Level::error, "ipvs_refused", flushed.error().what});
  mirror_.clear();
  mirror_valid_ = flushed.has_value();
  touched_ = ours_;
}

void Reconciler::clear() {
  wanted_.clear();
  touched_ = ours_;
  connector_.ask_soon();
  if (!mirror_valid_ && !resync()) return;
  reconcile();
}

}  // namespace holdfast::ipvs
