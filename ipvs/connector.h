// The way to the kernel's IPVS, which may appear later than the daemon: a module can be loaded at
// any time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/base/event.h"
#include "ipvs/kernel.h"

namespace holdfast::ipvs {

class Connector {
 public:
  /// Connects to the kernel. Error: there is no IPVS.
  using Open = std::function<Result<std::unique_ptr<KernelPort>>()>;
  /// @param consequence what is not done while there is none, for the log, which says so once
  Connector(Open open, std::string consequence, Log& log)
      : open_{std::move(open)}, consequence_{std::move(consequence)}, log_{log} {}

  /// Nothing while there is no IPVS; the kernel is asked again at the 1st, 2nd, 4th and then every
  /// 8th call.
  KernelPort* connect();
  /// Nothing when the last connect() failed.
  [[nodiscard]] KernelPort* get() const { return kernel_.get(); }
  /// What it answers makes no sense any more: the next connect() begins anew.
  void drop() { kernel_.reset(); }
  /// It answers, or it matters now: the next connect() asks.
  void ask_soon() { calls_to_skip_ = last_skip_ = 0; }

 private:
  bool may_ask();

  Open open_;
  std::string consequence_;
  Log& log_;
  std::unique_ptr<KernelPort> kernel_;
  bool absence_reported_ = false;
  unsigned calls_to_skip_ = 0, last_skip_ = 0;
};

}  // namespace holdfast::ipvs
