// The packet filter by iptables (the old one, which does not write nftables), with ipsets or with a
// rule for each address. Only iptables_filter.cpp knows libiptc.
#pragma once

#include "vrrp/linux/iptables_rules.h"
#include "vrrp/linux/packet_filter.h"

namespace holdfast::vrrp {

/// Whether the program iptables of this machine is the one whose rules libiptc writes. False: it
/// writes nftables, or there is none.
bool has_old_iptables();

class IptablesFilter : public PacketFilter {
 public:
  explicit IptablesFilter(IptablesSettings settings) : settings_{std::move(settings)} {}

  Result<void> build(const FilterElements& elements) override;
  Result<void> add(const FilterElements& elements) override;
  Result<void> remove(const FilterElements& elements) override;
  Result<void> clear() override;
  Result<bool> is_intact(const FilterElements& elements) override;
  [[nodiscard]] std::string record() const override;
  /// The inverse of record(). @return nullptr for a record of something else
  static std::unique_ptr<IptablesFilter> from_record(const std::string& record);

 private:
  /// Ours carry this as a comment.
  [[nodiscard]] std::string mark() const;
  Result<void> fill_sets(const FilterElements& elements);
  Result<void> write_rules(const FilterElements& elements);
  [[nodiscard]] bool has_same_rules(const FilterElements& elements) const;

  IptablesSettings settings_;
  FilterElements elements_;  ///< as they were written last
};

}  // namespace holdfast::vrrp
