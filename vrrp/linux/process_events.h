// What the kernel's process connector tells. A filter in the kernel drops what cannot concern the
// trackers: everything of threads, and the ends of processes that are not counted.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "daemon/base/fd.h"
#include "daemon/base/result.h"
#include "vrrp/core/process_count.h"

namespace holdfast::vrrp {

struct ProcessEvent {
  enum class Kind : std::uint8_t {
    forked,   ///< `process` is a child of `parent`
    changed,  ///< `process` executed another program, or has another name
    ended
  };
  Kind kind = Kind::changed;
  ProcessId process = 0, parent = 0;
  bool operator==(const ProcessEvent&) const = default;
};

/// One message of the connector, with its netlink header. Nothing: of a thread, or of no interest.
std::optional<ProcessEvent> parse_process_event(std::span<const std::byte> message);

/// A program that lets through: every fork and every change of a process; the ends of `counted`
/// ones; nothing of threads. Beyond `most_filtered` processes every end passes. (A program may fork
/// and end before it was looked at, which daemons do: so no fork can be left out.)
inline constexpr std::size_t most_filtered = 256;
std::vector<sock_filter> process_filter(std::span<const ProcessId> counted);

class ProcessEvents {
 public:
  /// Asks the kernel to tell. Error: it refuses (ECONNREFUSED in another network namespace than the
  /// initial one, EPERM without CAP_NET_ADMIN), or has no process connector.
  /// @param socket of the supervisor
  static Result<ProcessEvents> open(Fd socket);
  ProcessEvents(ProcessEvents&&) = default;
  ProcessEvents& operator=(ProcessEvents&&) = delete;
  ~ProcessEvents();

  /// Takes what is there. @return false: events were lost
  bool read(const std::function<void(const ProcessEvent&)>& take);
  /// What passes from now on.
  Result<void> filter(std::span<const ProcessId> counted);
  /// Twice as much room for events as before.
  void enlarge();
  [[nodiscard]] int descriptor() const { return socket_.get(); }

 private:
  explicit ProcessEvents(Fd socket) : socket_{std::move(socket)} {}
  [[nodiscard]] Result<void> ask(std::uint32_t operation) const;

  Fd socket_;
};

}  // namespace holdfast::vrrp
