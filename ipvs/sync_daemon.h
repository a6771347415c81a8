// The kernel's connection synchronisation daemons, as wanted: which roles run.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "daemon/base/event.h"
#include "daemon/config/global.h"
#include "ipvs/kernel.h"

namespace holdfast::ipvs {

/// The kernel as it is reached now; nothing: there is no IPVS.
using KernelAccess = std::function<KernelPort*()>;

/// A daemon that an earlier life left and that is as wanted goes on untouched; one with other
/// settings is replaced, and so is what another program changes.
class SyncDaemon {
 public:
  /// @param default_id sync id when the setting has none: the VRID of the instance
  SyncDaemon(const config::SyncDaemon& setting, std::uint8_t default_id, Log& log,
             KernelAccess kernel);
  /// From now on exactly these roles run. The kernel is asked only when they change.
  void run(const std::set<SyncRole>& roles);
  /// Does what could not be done before, and undoes what others changed.
  /// @return false: the kernel did not answer
  bool look();
  [[nodiscard]] const config::SyncDaemon& setting() const { return setting_; }
  /// Roles that others had changed.
  [[nodiscard]] std::uint64_t drift() const { return drift_; }

 private:
  /// @param actual what runs now; nothing: as wanted before
  void apply(KernelPort& kernel, const std::map<SyncRole, SyncSettings>* actual);
  /// Whether it went well; the same mistake is logged once.
  bool report(const Result<void>& result);

  config::SyncDaemon setting_;
  SyncSettings settings_;
  Log& log_;
  KernelAccess kernel_;
  std::optional<std::set<SyncRole>> wanted_;
  bool settled_ = false;  ///< what is wanted was done
  bool drift_reported_ = false;
  std::uint64_t drift_ = 0;
  std::string last_error_;
};

}  // namespace holdfast::ipvs
