#include "ipvs/timeouts.h"

#include <chrono>

namespace holdfast::ipvs {

namespace {

/// 0 leaves the kernel's value alone. @source linux/ip_vs.h ip_vs_timeout_user
void put(std::uint32_t& out, const std::optional<Duration>& wanted) {
  if (wanted && *wanted > Duration::zero())
    out = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(*wanted).count());
}

Result<Timeouts> change(const config::IpvsTimeouts& wanted, std::optional<Timeouts> original,
                        int socket) {
  auto kernel = Kernel::open(socket);
  if (!kernel) return tl::make_unexpected(kernel.error());
  const auto actual = (*kernel)->timeouts();
  if (!actual) return actual;
  const Timeouts before = original.value_or(*actual);
  Timeouts target = before;
  put(target.tcp, wanted.tcp);
  put(target.tcp_fin, wanted.tcp_fin);
  put(target.udp, wanted.udp);
  if (target == *actual) return before;
  if (const auto set = (*kernel)->set_timeouts(target); !set)
    return tl::make_unexpected(set.error());
  return before;
}

}  // namespace

std::optional<Timeouts> keep_timeouts(const config::IpvsTimeouts& wanted,
                                      std::optional<Timeouts> original, Log& log, int socket) {
  const bool any = wanted != config::IpvsTimeouts{};
  if (!any && !original) return std::nullopt;
  const auto before = change(wanted, original, socket);
  if (!before) {
    log.write(Event{Level::error, "lvs_timeouts", before.error().what});
    return original;
  }
  if (!any) return std::nullopt;
  return *before;
}

}  // namespace holdfast::ipvs
