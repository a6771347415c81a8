#include "ipvs/sync_daemon.h"

#include <utility>

namespace holdfast::ipvs {

SyncDaemon::SyncDaemon(const config::SyncDaemon& setting, std::uint8_t default_id, Log& log,
                       int socket)
    : setting_{setting},
      settings_{setting.interface,  setting.sync_id.value_or(default_id),
                setting.max_length, setting.port,
                setting.ttl,        setting.group},
      log_{log},
      socket_{socket} {}

bool SyncDaemon::connect() {
  if (kernel_) return true;
  auto opened = Kernel::open(socket_);
  if (opened) {
    kernel_ = std::move(*opened);
    return true;
  }
  if (!std::exchange(absence_reported_, true))
    log_.write(Event{Level::error, "ipvs_absent",
                     fmt::format("{}; connections are not synchronised", opened.error().what)});
  return false;
}

void SyncDaemon::stop_different(const std::set<SyncRole>& roles) {
  const auto daemons = kernel_->sync_daemons();
  if (!daemons) return;  // starting says why
  for (const auto& [role, settings] : *daemons)
    if (roles.contains(role) && !satisfies(settings, settings_))
      if (const auto stopped = kernel_->stop_sync(role); !stopped)
        log_.write(Event{Level::error, "sync_daemon", stopped.error().what});
}

void SyncDaemon::run(const std::set<SyncRole>& roles) {
  if ((known_ && roles == running_) || !connect()) return;
  const auto report = [&](const Result<void>& result) {
    if (!result) log_.write(Event{Level::error, "sync_daemon", result.error().what});
    return result.has_value();
  };
  if (!known_) stop_different(roles);
  bool done = true;
  for (const SyncRole role : {SyncRole::master, SyncRole::backup})
    if (!roles.contains(role)) done &= report(kernel_->stop_sync(role));
  for (const SyncRole role : roles) done &= report(kernel_->start_sync(role, settings_));
  running_ = roles;
  known_ = done;
}

}  // namespace holdfast::ipvs
