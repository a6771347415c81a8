#include "ipvs/sync_daemon.h"

#include <array>
#include <utility>

namespace holdfast::ipvs {
namespace {

constexpr std::array roles{SyncRole::master, SyncRole::backup};

}  // namespace

SyncDaemon::SyncDaemon(const config::SyncDaemon& setting, std::uint8_t default_id, Log& log,
                       KernelAccess kernel)
    : setting_{setting},
      settings_{setting.interface,  setting.sync_id.value_or(default_id),
                setting.max_length, setting.port,
                setting.ttl,        setting.group},
      log_{log},
      kernel_{std::move(kernel)} {}

bool SyncDaemon::report(const Result<void>& result) {
  if (result) return true;
  if (std::exchange(last_error_, result.error().what) != result.error().what)
    log_.write(Event{Level::error, "sync_daemon", result.error().what});
  return false;
}

void SyncDaemon::apply(KernelPort& kernel, const std::map<SyncRole, SyncSettings>* actual) {
  bool done = true;
  // Starting one that runs is success whatever its settings are, so another one goes first.
  for (const SyncRole role : roles) {
    const bool is_other =
        actual != nullptr && actual->contains(role) && !satisfies(actual->at(role), settings_);
    if (!wanted_->contains(role) || is_other) done &= report(kernel.stop_sync(role));
  }
  for (const SyncRole role : *wanted_) done &= report(kernel.start_sync(role, settings_));
  if (done) last_error_.clear();
  settled_ = done;
}

void SyncDaemon::run(const std::set<SyncRole>& wanted) {
  const bool was_settled = settled_;
  if (std::exchange(wanted_, wanted) == wanted && was_settled) return;
  settled_ = false;
  if (!was_settled) {
    look();
  } else if (KernelPort* const kernel = kernel_()) {
    apply(*kernel, nullptr);
  }
}

bool SyncDaemon::look() {
  KernelPort* const kernel = wanted_ ? kernel_() : nullptr;
  if (kernel == nullptr) return true;
  const auto actual = kernel->sync_daemons();
  if (!actual) return report(tl::make_unexpected(actual.error()));
  std::uint64_t changed = 0;
  for (const SyncRole role : roles) {
    const auto found = actual->find(role);
    const bool runs = found != actual->end() && satisfies(found->second, settings_);
    if (wanted_->contains(role) ? !runs : found != actual->end()) ++changed;
  }
  if (!settled_) {
    apply(*kernel, &*actual);
  } else if (changed == 0) {
    drift_reported_ = false;
  } else {
    drift_ += changed;
    if (!std::exchange(drift_reported_, true))
      log_.write(Event{Level::warning, "sync_daemon_repaired",
                       fmt::format("the IPVS sync daemon on {} was changed by another program: it "
                                   "is put right",
                                   setting_.interface)});
    apply(*kernel, &*actual);
  }
  return true;
}

}  // namespace holdfast::ipvs
