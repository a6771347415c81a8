// lvs_timeouts: the kernel's time-outs of connections while the daemon runs, and before and after.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/base/event.h"
#include "daemon/config/global_parts.h"
#include "ipvs/kernel.h"

namespace holdfast::ipvs {

/// Sets what is wanted, and puts back what is not wanted any more. Those that nobody configured
/// belong to the administrator. Asks the kernel only when there is something to do or to watch.
/// What goes wrong is logged.
class KeptTimeouts {
 public:
  /// @param kernel as it is reached now; nothing: there is no IPVS
  KeptTimeouts(std::function<KernelPort*()> kernel, Log& log)
      : kernel_{std::move(kernel)}, log_{log} {}

  /// What was set before an earlier life began, which had wanted some; before want().
  void inherit(const Timeouts& original);
  void want(const config::IpvsTimeouts& wanted);
  /// Does what could not be done before, and undoes what others changed.
  void look();
  /// What was set before the first wanted one; nothing: all is as it was.
  [[nodiscard]] const std::optional<Timeouts>& original() const { return original_; }
  /// Looks that found a wanted one changed by others.
  [[nodiscard]] std::uint64_t drift() const { return drift_; }

 private:
  Result<void> settle(KernelPort& kernel);
  /// @param actual what the kernel has now
  [[nodiscard]] Timeouts target(const Timeouts& actual) const;
  void report_drift(bool changed);

  std::function<KernelPort*()> kernel_;
  Log& log_;
  config::IpvsTimeouts wanted_;
  config::IpvsTimeouts set_;  ///< what the kernel has of us
  std::optional<Timeouts> original_;
  bool settled_ = true;  ///< the kernel has what is wanted
  bool drift_reported_ = false;
  std::uint64_t drift_ = 0;
  std::string last_error_;
};

}  // namespace holdfast::ipvs
