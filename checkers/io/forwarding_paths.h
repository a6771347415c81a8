// The ways of checks through IPVS (check_path forwarding): their private services in the wanted
// table, what this host must let in for them, and what a failed probe means.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "checkers/core/path_marks.h"
#include "checkers/core/verdict.h"
#include "checkers/io/source_addresses.h"
#include "daemon/base/event.h"
#include "daemon/netlink/route_lookup.h"
#include "daemon/process/sysctls.h"
#include "ipvs/reconciler.h"

namespace holdfast::checkers {

class ForwardingPaths {
 public:
  using FindRoute = std::function<Result<netlink::FoundRoute>(const IpAddress&)>;
  ForwardingPaths(ipvs::Reconciler& reconciler, Log& log, FindRoute find_route = netlink::route_to,
                  const std::string& sysctls = "/proc/sys/");

  /// For a successor: what a dead worker left of /proc/sys, and who keeps what this one changes.
  process::Sysctls& sysctls() { return sysctls_; }
  /// Gives each check with a path its mark, and wants the services of the marks. Before the checks
  /// begin, and before the reconciler sends.
  void apply(CheckersConfig& config);
  /// From where a probe goes. Nothing: this host has no address for that.
  std::optional<IpAddress> source(const Endpoint& endpoint, TimePoint now);
  /// How often another program's changes of this path were undone.
  [[nodiscard]] std::uint64_t repairs(const Endpoint& endpoint) const;
  /// What a failure says: of the server with the way that was taken, or nothing, where this host
  /// stands in the way. @param repairs before the probe
  Verdict judge(const Endpoint& endpoint, std::uint64_t repairs, Verdict verdict);
  /// At the stop.
  void release() { sysctls_.hold({}); }

 private:
  void let_in();
  [[nodiscard]] bool is_on(const char* name, const std::string& interface) const;
  [[nodiscard]] std::string own_fault(const Endpoint& endpoint);
  [[nodiscard]] std::string fault_of_routes(const Endpoint& endpoint);

  ipvs::Reconciler& reconciler_;
  Log& log_;
  FindRoute find_route_;
  PathMarks marks_;
  process::Sysctls sysctls_;
  SourceAddresses sources_;
  std::set<std::string> interfaces_;  ///< that answers come in by
  std::set<std::string> refused_;     ///< whose settings cannot be changed
};

}  // namespace holdfast::checkers
