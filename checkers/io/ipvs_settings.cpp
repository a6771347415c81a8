// What the process sets in the kernel beside IPVS' table: sync daemons and time-outs, and what is
// changed below /proc/sys.
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

/// What was there before a change outlives this process. @param restarted another one of this
/// daemon died
void CheckersProcess::record_sysctls(bool restarted) {
  paths_.sysctls().set_ledger({[this](const std::string& path, const std::string& value) {
                                 save(sysctl_record(path), std::as_bytes(std::span{value}));
                               },
                               [this](const std::string& path) {
                                 if (table_) table_->erase(sysctl_record(path));
                               }});
  if (!restarted || !table_) return;
  for (const std::string& record : table_->keys())
    if (record.starts_with(sysctl_prefix)) {
      const Bytes value = table_->get(record);
      paths_.sysctls().inherit(
          record.substr(sysctl_prefix.size()),
          std::string{reinterpret_cast<const char*>(value.data()), value.size()});
    }
}

}  // namespace holdfast::checkers
