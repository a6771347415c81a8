// The packet filter by nf_tables: one table of our own with everything in it.
#pragma once

#include "daemon/netlink/nfnetlink.h"
#include "vrrp/linux/nft_messages.h"
#include "vrrp/linux/packet_filter.h"

namespace holdfast::vrrp {

class NftFilter : public PacketFilter {
 public:
  /// Sends nothing yet.
  static Result<std::unique_ptr<NftFilter>> open(NftSettings settings);

  Result<void> build(const FilterElements& elements) override;
  Result<void> add(const FilterElements& elements) override;
  Result<void> remove(const FilterElements& elements) override;
  Result<void> clear() override;
  Result<bool> is_intact(const FilterElements& elements) override;
  [[nodiscard]] int descriptor() const override { return watch_.descriptor(); }
  bool has_changed() override { return watch_.changed_by_others(socket_.port()); }
  [[nodiscard]] std::string record() const override { return "nftables " + settings_.table; }

 private:
  NftFilter(NftSettings settings, netlink::Nfnetlink socket, netlink::Nfnetlink watch)
      : settings_{std::move(settings)}, socket_{std::move(socket)}, watch_{std::move(watch)} {}
  Result<void> send(NftBatch& batch, const char* what);
  Result<bool> has_rules();
  Result<bool> has_elements(FilterSet set, const FilterElements& elements);

  NftSettings settings_;
  netlink::Nfnetlink socket_, watch_;
};

}  // namespace holdfast::vrrp
