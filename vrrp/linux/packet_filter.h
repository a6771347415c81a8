// One way to have packets dropped: by nf_tables (nft_filter.h) or by iptables (iptables_filter.h).
// Does what it is told; vrrp/linux/firewall.h decides what and when.
#pragma once

#include <string>

#include "daemon/base/result.h"
#include "vrrp/core/filter.h"

namespace holdfast::vrrp {

class PacketFilter {
 public:
  virtual ~PacketFilter() = default;
  /// Puts everything there anew with exactly these elements. Where something of ours is there
  /// already, no packet passes meanwhile that must not.
  virtual Result<void> build(const FilterElements& elements) = 0;
  /// @pre build() succeeded. Error: what is there is in doubt, build() it anew.
  virtual Result<void> add(const FilterElements& elements) = 0;
  virtual Result<void> remove(const FilterElements& elements) = 0;
  /// Takes away everything of ours. What is not there is no error.
  virtual Result<void> clear() = 0;
  /// Whether exactly these elements and the rules for them are there.
  virtual Result<bool> is_intact(const FilterElements& elements) = 0;
  /// Readable when another program may have changed something; negative: nobody tells.
  [[nodiscard]] virtual int descriptor() const { return -1; }
  /// Whether another program has changed something since the last call. Never blocks.
  virtual bool has_changed() { return false; }
  /// For a successor: "nftables holdfast". clear_filter() of the same record reaches the same
  /// objects.
  [[nodiscard]] virtual std::string record() const = 0;
};

}  // namespace holdfast::vrrp
