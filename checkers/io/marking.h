// nftables_ipvs: keeps the firewall marks of groups as they are wanted. The table of nf_tables is
// made, changed without a gap, put back when another program changes it, and taken away; that of a
// daemon before this one is taken over.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "checkers/core/marks.h"
#include "checkers/io/mark_table.h"
#include "daemon/base/event.h"
#include "daemon/base/fd.h"
#include "daemon/config/global.h"

namespace holdfast::checkers {

class Marking {
 public:
  explicit Marking(Log& log) : log_{log} {}

  /// @param mark of this daemon, which the default name of the table follows
  /// @param socket as for MarkTable::open()
  void name_after(std::uint8_t mark, Fd socket);
  /// Gives marks; nothing reaches the kernel before place().
  /// @param by_others marks of services in the kernel's IPVS table that are not ours
  void plan(const config::FirewallDefs& settings, std::span<const VirtualServer> services,
            const std::set<std::uint32_t>& by_others);
  /// The mark of a service with `marked`. Nothing: no mark can be set, so that it has to be a
  /// service for each address.
  [[nodiscard]] std::optional<std::uint32_t> mark_of(const VirtualServer& service) const;
  /// Puts what was planned into the kernel; to be called when the services are there. False: it
  /// cannot be done, which is reported, and from now on no service has a mark.
  bool place();
  /// Looks whether another program has changed the table, and puts it back. False as for place().
  bool look();
  /// Takes the table away.
  void clear();
  /// Something is in the kernel, or is to be.
  [[nodiscard]] bool is_needed() const { return !marks_.empty() || placed_; }
  /// Marks that a daemon before this one gave and nobody has now; once.
  std::set<std::uint32_t> take_orphans() { return std::exchange(orphans_, {}); }

 private:
  Result<void> connect();
  void inherit();
  bool put(const MarkedRanges& ranges);
  Result<void> renew(const MarkTableSettings& settings, const MarkedRanges& ranges);
  void remove(const NftTables& tables);
  [[nodiscard]] NftTables placed_tables() const;
  bool failed(const Error& error);
  void remove_others();
  void report(const Marks& before) const;

  Log& log_;
  Fd socket_;
  std::string default_name_;
  MarkTableSettings settings_, placed_settings_;
  std::optional<MarkTable> table_;
  Marks marks_;
  MarkedRanges wanted_, there_;  ///< there_: while placed_, or of a daemon before this one
  std::set<std::uint32_t> orphans_;
  bool placed_ = false;
  bool inherited_ = false;  ///< what another daemon left was looked for
  bool settled_ = false;    ///< and taken away
  bool repair_reported_ = false;
  std::optional<std::uint32_t> generation_;  ///< at which there_ was there
};

/// "keepalived_ipvs" of a daemon with the usual pid file, "keepalived_ipvs_MARK" of another one.
std::string mark_table_name(std::uint8_t mark);

}  // namespace holdfast::checkers
