#include "ipvs/reconciler.h"

#include <cerrno>
#include <utility>

namespace holdfast::ipvs {

void Reconciler::want(const ServiceKey& key, Service service) {
  wanted_[key] = std::move(service);
  ours_.insert(key);
  touched_.insert(key);
}

void Reconciler::unwant(const ServiceKey& key) {
  wanted_.erase(key);
  touched_.insert(key);
}

bool Reconciler::connect() {
  if (kernel_) return true;
  auto opened = open_();
  if (opened) {
    kernel_ = std::move(*opened);
    if (std::exchange(absence_reported_, false))
      log_.write(Event{Level::notice, "ipvs_present", "IPVS is there now"});
    return true;
  }
  if (!std::exchange(absence_reported_, true))
    log_.write(Event{Level::error, "ipvs_absent",
                     fmt::format("{}; checks go on, the table is written when it is there",
                                 opened.error().what)});
  return false;
}

void Reconciler::reconcile() {
  if (touched_.empty() || !mirror_valid_ || !connect()) return;
  Table wanted;
  Table actual;
  const auto touched = std::exchange(touched_, {});
  for (const ServiceKey& key : touched) {
    if (const auto found = wanted_.find(key); found != wanted_.end()) wanted.insert(*found);
    if (const auto found = mirror_.find(key); found != mirror_.end()) actual.insert(*found);
  }
  if (!send(difference(wanted, actual, ours_))) resync();
}

bool Reconciler::resync() {
  if (!connect()) return false;
  auto actual = kernel_->dump();
  if (!actual) {
    log_.write(Event{Level::error, "ipvs_dump", actual.error().what});
    kernel_.reset();
    mirror_valid_ = false;
    return false;
  }
  mirror_ = std::move(*actual);
  mirror_valid_ = true;
  const auto operations = difference(wanted_, mirror_, ours_);
  // Services touched since the last reconcile() differ for a good reason.
  if (synchronised_once_ && touched_.empty() && !operations.empty()) {
    counters_.drift += operations.size();
    log_.write(
        Event{Level::warning, "ipvs_repaired",
              fmt::format("the IPVS table was changed by another program: {} repairs, first: {}",
                          operations.size(), to_string(operations.front()))});
  }
  touched_.clear();
  synchronised_once_ = true;
  send(operations);
  return true;
}

bool Reconciler::send(const std::vector<Operation>& operations) {
  if (operations.empty()) return true;
  const auto refused = kernel_->apply(operations);
  counters_.refused += refused.size();
  counters_.operations += operations.size() - refused.size();
  auto failed = refused.begin();
  constexpr std::size_t most_shown = 20;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (failed == refused.end() || failed->index != i) {
      apply(mirror_, operations[i]);
      continue;
    }
    if (static_cast<std::size_t>(failed - refused.begin()) < most_shown)
      log_.write(Event{Level::error, "ipvs_refused", failed->error.what});
    ++failed;
  }
  return refused.empty();
}

void Reconciler::flush() {
  if (!connect()) return;
  if (auto flushed = kernel_->flush(); !flushed)
    log_.write(Event{Level::error, "ipvs_refused", flushed.error().what});
  mirror_.clear();
}

void Reconciler::clear() {
  wanted_.clear();
  touched_ = ours_;
  if (!mirror_valid_ && !resync()) return;
  reconcile();
}

}  // namespace holdfast::ipvs
