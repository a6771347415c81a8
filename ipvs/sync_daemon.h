// The kernel's connection synchronisation daemons, as wanted: which roles run.
#pragma once

#include <memory>
#include <set>

#include "daemon/base/event.h"
#include "daemon/config/global.h"
#include "ipvs/kernel.h"

namespace holdfast::ipvs {

/// Asks the kernel only when the wanted roles change. A daemon that an earlier life left and that
/// is as wanted goes on untouched; one with other settings is replaced. Without IPVS it says so
/// once.
class SyncDaemon {
 public:
  /// @param default_id sync id when the setting has none: the VRID of the instance
  /// @param socket as for Kernel::open()
  SyncDaemon(const config::SyncDaemon& setting, std::uint8_t default_id, Log& log, int socket = -1);
  /// From now on exactly these roles run.
  void run(const std::set<SyncRole>& roles);
  [[nodiscard]] const config::SyncDaemon& setting() const { return setting_; }

 private:
  bool connect();
  /// Stops those that run in a wanted role with other settings.
  void stop_different(const std::set<SyncRole>& roles);
  config::SyncDaemon setting_;
  SyncSettings settings_;
  Log& log_;
  int socket_;
  std::unique_ptr<Kernel> kernel_;
  bool absence_reported_ = false;
  bool known_ = false;  ///< what runs is what `running_` says
  std::set<SyncRole> running_;
};

}  // namespace holdfast::ipvs
