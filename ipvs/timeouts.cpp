#include "ipvs/timeouts.h"

#include <chrono>
#include <utility>

namespace holdfast::ipvs {
namespace {

/// 0 leaves the kernel's value alone. @source linux/ip_vs.h ip_vs_timeout_user
bool is_wanted(const std::optional<Duration>& wanted) {
  return wanted && *wanted > Duration::zero();
}

/// One of the three: as wanted, as it was before we set it, or as somebody else has it.
std::uint32_t target_of(const std::optional<Duration>& wanted, const std::optional<Duration>& set,
                        std::uint32_t original, std::uint32_t actual) {
  if (is_wanted(wanted))
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(*wanted).count());
  return is_wanted(set) ? original : actual;
}

}  // namespace

void KeptTimeouts::inherit(const Timeouts& original) {
  // Which ones the earlier life had set is not known.
  constexpr Duration any = std::chrono::seconds{1};
  original_ = original;
  set_ = {any, any, any};
}

void KeptTimeouts::want(const config::IpvsTimeouts& wanted) {
  wanted_ = wanted;
  settled_ = false;
  look();
}

Timeouts KeptTimeouts::target(const Timeouts& actual) const {
  const Timeouts before = original_.value_or(actual);
  return {target_of(wanted_.tcp, set_.tcp, before.tcp, actual.tcp),
          target_of(wanted_.tcp_fin, set_.tcp_fin, before.tcp_fin, actual.tcp_fin),
          target_of(wanted_.udp, set_.udp, before.udp, actual.udp)};
}

void KeptTimeouts::report_drift(bool changed) {
  if (!changed) {
    drift_reported_ = false;
    return;
  }
  ++drift_;
  if (!std::exchange(drift_reported_, true))
    log_.write(Event{Level::warning, "lvs_timeouts_repaired",
                     "the time-outs of IPVS were changed by another program: they are put right"});
}

Result<void> KeptTimeouts::settle(KernelPort& kernel) {
  const auto actual = kernel.timeouts();
  if (!actual) return tl::make_unexpected(actual.error());
  const Timeouts wanted = target(*actual);
  if (settled_) report_drift(wanted != *actual);
  if (wanted != *actual)
    if (auto set = kernel.set_timeouts(wanted); !set) return set;
  if (!original_) original_ = *actual;
  if (wanted_ == config::IpvsTimeouts{}) original_.reset();
  set_ = wanted_;
  settled_ = true;
  return {};
}

void KeptTimeouts::look() {
  if (wanted_ == config::IpvsTimeouts{} && !original_) return;
  KernelPort* const kernel = kernel_();
  if (kernel == nullptr) return;
  const auto done = settle(*kernel);
  const std::string error = done ? "" : done.error().what;
  if (std::exchange(last_error_, error) != error && !error.empty())
    log_.write(Event{Level::error, "lvs_timeouts", error});
}

}  // namespace holdfast::ipvs
