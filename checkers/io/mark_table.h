// The firewall marks of nftables_ipvs in the kernel: a table of nf_tables for each family in use,
// with maps from addresses to marks. Does what it is told; marking.h decides what and when.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checkers/core/marks.h"
#include "daemon/netlink/nfnetlink.h"
#include "daemon/netlink/nft_transaction.h"

namespace holdfast::checkers {

struct MarkTableSettings {
  std::string table;
  std::int32_t priority = -1;  ///< of the hook
  bool counters = false;       ///< each rule counts the packets that it marks
  std::string comment;         ///< by which we know our tables, whatever they are called
  bool operator==(const MarkTableSettings&) const = default;
};

/// By family and name of the map: what it holds.
using MarkMaps = std::map<std::pair<std::uint8_t, std::string>, std::vector<netlink::NftMapping>>;
MarkMaps mark_maps(const MarkedRanges& ranges);

using NftTables = std::set<netlink::NftTable>;
/// One table for each family of the ranges.
NftTables tables_for(const std::string& name, const MarkedRanges& ranges);

class MarkTable {
 public:
  /// @param socket of NETLINK_NETFILTER, in whose network namespace the table is; none: in ours
  static Result<MarkTable> open(Fd socket);

  /// Puts everything there anew with exactly these ranges, in one transaction: what is there does
  /// its work until then. Error: everything is as it was.
  /// @param replaced tables that go, if they are there
  Result<void> build(const MarkTableSettings& settings, const NftTables& replaced,
                     const MarkedRanges& ranges);
  enum class Rules : std::uint8_t { kept, replaced };
  /// Changes what is there, in one transaction, and without a moment in which a packet misses the
  /// mark that it had: the kernel fills a new map a little after its rules work, so maps stay.
  /// @pre `from` is there; with Rules::kept, with these settings. Error: it is as it was.
  Result<void> change(const MarkTableSettings& settings, const MarkedRanges& from,
                      const MarkedRanges& to, Rules rules);
  /// What is not there is no error.
  Result<void> remove(const NftTables& tables);
  /// Whether exactly this is there.
  Result<bool> is_intact(const MarkTableSettings& settings, const MarkedRanges& ranges);
  /// What a table marks; nothing: there is none.
  Result<MarkedRanges> read(const std::string& table);
  /// Those with this comment.
  Result<NftTables> tables_with(const std::string& comment);
  /// As Nfnetlink::generation().
  Result<std::uint32_t> generation() { return socket_.generation(); }

 private:
  explicit MarkTable(netlink::Nfnetlink socket) : socket_{std::move(socket)} {}
  Result<std::vector<netlink::NftMapping>> list(const netlink::NftTable& table,
                                                const std::string& map);
  Result<std::size_t> count_rules(const netlink::NftTable& table);

  netlink::Nfnetlink socket_;
};

}  // namespace holdfast::checkers
