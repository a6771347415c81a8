// Keeps the kernel's IPVS table as it is wanted: sends the difference, and looks now and then
// whether somebody else has changed it.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/base/time.h"
#include "ipvs/kernel.h"

namespace holdfast::ipvs {

class Reconciler {
 public:
  /// @param open connects to the kernel; called again as long as it fails (a module loaded later)
  using Open = std::function<Result<std::unique_ptr<KernelPort>>()>;
  Reconciler(Open open, Log& log) : open_{std::move(open)}, log_{log} {}

  /// Replaces one service of the wanted table. Nothing is sent before reconcile().
  void want(const ServiceKey& key, Service service);
  /// The service must go.
  void unwant(const ServiceKey& key);
  /// Sends what differs from the mirror of the kernel, all services touched since the last call in
  /// one batch. Costs nothing for services that were not touched.
  void reconcile();
  /// Reads the kernel's table and repairs it. The first call is the start: what matches is left
  /// alone. @return false while there is no IPVS
  bool resync();
  /// Removes every service, whoever made it (lvs_flush).
  void flush();
  /// Removes our services.
  void clear();

  struct Counters {
    std::uint64_t operations = 0;  ///< accepted by the kernel
    std::uint64_t refused = 0;
    std::uint64_t drift = 0;  ///< operations that repaired what others changed
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  bool connect();
  /// @return false when anything was refused
  bool send(const std::vector<Operation>& operations);

  Open open_;
  Log& log_;
  std::unique_ptr<KernelPort> kernel_;
  Table wanted_, mirror_;
  std::set<ServiceKey> ours_;     ///< wanted now or at any time before
  std::set<ServiceKey> touched_;  ///< since the last reconcile()
  bool mirror_valid_ = false;
  bool absence_reported_ = false;
  bool synchronised_once_ = false;
  Counters counters_;
};

}  // namespace holdfast::ipvs
