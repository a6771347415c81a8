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
  if (!sync_daemon_) sync_daemon_.emplace(*setting, 0, log_, ipvs_socket_.get());
  sync_daemon_->run({ipvs::SyncRole::master, ipvs::SyncRole::backup});
}

/// What was set before outlives this process, for whoever is the last one.
void CheckersProcess::set_timeouts(const config::IpvsTimeouts& wanted, bool restarted) {
  if (const Bytes record = restarted && table_ ? table_->get(timeouts_key()) : Bytes{};
      record.size() == sizeof(ipvs::Timeouts))
    std::memcpy(&original_timeouts_.emplace(), record.data(), record.size());
  original_timeouts_ = ipvs::keep_timeouts(wanted, original_timeouts_, log_, ipvs_socket_.get());
  if (original_timeouts_)
    save(timeouts_key(), std::as_bytes(std::span{&*original_timeouts_, 1}));
  else if (table_)
    table_->erase(timeouts_key());
}

}  // namespace holdfast::checkers
