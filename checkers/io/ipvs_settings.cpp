// What the process sets in IPVS beside the table: sync daemons and time-outs.
#include <cstring>

#include "checkers/io/process.h"

namespace holdfast::checkers {

/// With an instance it is holdfast-vrrp that runs it.
void CheckersProcess::set_sync_daemon() {
  const auto& setting = globals_.lvs_sync_daemon;
  const bool both = setting && setting->instance.empty();
  if (sync_daemon_ && (!both || !(sync_daemon_->setting() == *setting))) {
    sync_daemon_->run({});
    sync_daemon_.reset();
  }
  if (!both) return;
  if (!sync_daemon_)
    sync_daemon_.emplace(*setting, 0, log_, [this] { return reconciler_.kernel(); });
  sync_daemon_->run({ipvs::SyncRole::master, ipvs::SyncRole::backup});
}

void CheckersProcess::set_timeouts(const config::IpvsTimeouts& wanted, bool restarted) {
  if (const Bytes record = restarted && table_ ? table_->get(timeouts_key()) : Bytes{};
      record.size() == sizeof(ipvs::Timeouts)) {
    ipvs::Timeouts original;
    std::memcpy(&original, record.data(), record.size());
    timeouts_.inherit(original);
  }
  timeouts_.want(wanted);
  save_timeouts();
}

/// What was set before outlives this process, for whoever is the last one.
void CheckersProcess::save_timeouts() {
  if (const auto& original = timeouts_.original())
    save(timeouts_key(), std::as_bytes(std::span{&*original, 1}));
  else if (table_)
    table_->erase(timeouts_key());
}

/// Behind each look at the table: IPVS may have come, and others may have changed something.
void CheckersProcess::look_at_settings() {
  if (sync_daemon_) sync_daemon_->look();
  const auto before = timeouts_.original();
  timeouts_.look();
  if (timeouts_.original() != before) save_timeouts();
}

}  // namespace holdfast::checkers
