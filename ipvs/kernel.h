// The kernel's IPVS table over generic netlink. Its answers are read in answers.h.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/netlink/receive_buffer.h"
#include "ipvs/diff.h"
#include "ipvs/outline.h"
#include "ipvs/statistics.h"
#include "ipvs/table.h"

namespace holdfast::ipvs {

/// An operation that was refused.
struct Refused {
  std::size_t index = 0;
  Error error;
};

enum class SyncRole : std::uint8_t { master = 1, backup = 2 };  ///< @source IP_VS_STATE_*

/// Attributes of a connection synchronisation daemon; zero and empty mean the kernel's default.
struct SyncSettings {
  std::string interface;
  std::uint8_t sync_id = 0;
  std::uint16_t max_length = 0;
  std::uint16_t port = 0;
  std::uint8_t ttl = 0;
  std::optional<IpAddress> group = {};
};

/// How long the kernel keeps idle connections, in seconds; 0 in a request leaves it as it is.
/// @source linux/ip_vs.h ip_vs_timeout_user
struct Timeouts {
  std::uint32_t tcp = 0, tcp_fin = 0, udp = 0;
  bool operator==(const Timeouts&) const = default;
};

/// What is needed of a kernel; tests have one in memory.
class KernelPort {
 public:
  KernelPort() = default;
  KernelPort(const KernelPort&) = delete;
  KernelPort& operator=(const KernelPort&) = delete;
  virtual ~KernelPort() = default;
  /// The whole table. Error with code ENOENT: no IPVS in this kernel.
  virtual Result<Table> dump() = 0;
  /// Every service without its destinations, as cheaply as the kernel can tell.
  /// @param whole false: those of IPv4 are enough, without their persistence engines
  virtual Result<Outlines> outlines(bool whole) = 0;
  /// Whether the service has exactly these destinations; one that is not there has none.
  virtual Result<bool> has_destinations(const ServiceKey& key, const Service& service) = 0;
  /// One service with its destinations. Nothing: it is not there.
  virtual Result<std::optional<Service>> read(const ServiceKey& key) = 0;
  /// All in as few system calls as possible. @return the refused ones
  virtual std::vector<Refused> apply(std::span<const Operation> operations) = 0;
  /// Removes every service, whoever made it.
  virtual Result<void> flush() = 0;
  /// Of all destinations of a service.
  virtual Result<std::map<DestinationKey, Connections>> connections(const ServiceKey& service) {
    return fail("the connections of {} are not known", to_string(service));
  }
  /// What a service and its destinations have had. Error: it is not in the table, or the answer is
  /// not understood.
  virtual Result<ServiceStatistics> statistics(const ServiceKey& service) {
    return fail("the statistics of {} are not known", to_string(service));
  }
  /// The daemons that run, whoever started them.
  virtual Result<std::map<SyncRole, SyncSettings>> sync_daemons() = 0;
  /// One that runs already in this role is success, whatever its settings.
  virtual Result<void> start_sync(SyncRole role, const SyncSettings& settings) = 0;
  /// One that does not run is success.
  virtual Result<void> stop_sync(SyncRole role) = 0;
  virtual Result<Timeouts> timeouts() = 0;
  virtual Result<void> set_timeouts(const Timeouts& timeouts) = 0;
};

/// Whether a daemon that runs with `actual` is the one that `wanted` asks for.
bool satisfies(const SyncSettings& actual, const SyncSettings& wanted);

class Kernel : public KernelPort {
 public:
  /// Error with code ENOENT: the kernel has no IPVS (module ip_vs).
  /// @param socket of generic netlink, whose network namespace the table is in; it is shared with
  /// whoever else uses it, one at a time. -1: our own namespace
  static Result<std::unique_ptr<Kernel>> open(int socket = -1);
  ~Kernel() override;

  Result<Table> dump() override;
  Result<Outlines> outlines(bool whole) override;
  Result<bool> has_destinations(const ServiceKey& key, const Service& service) override;
  Result<std::optional<Service>> read(const ServiceKey& key) override;
  std::vector<Refused> apply(std::span<const Operation> operations) override;
  Result<void> flush() override;
  Result<std::map<DestinationKey, Connections>> connections(const ServiceKey& service) override;
  Result<ServiceStatistics> statistics(const ServiceKey& service) override;
  Result<std::map<SyncRole, SyncSettings>> sync_daemons() override;
  Result<void> start_sync(SyncRole role, const SyncSettings& settings) override;
  Result<void> stop_sync(SyncRole role) override;
  /// Of both sockets, which are shared when open() was given one.
  void set_buffer(const netlink::ReceiveBuffer& buffer, Log& log);
  Result<Timeouts> timeouts() override;
  Result<void> set_timeouts(const Timeouts& timeouts) override;

 private:
  struct Impl;
  explicit Kernel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::ipvs
