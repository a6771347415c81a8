#include "vrrp/linux/nft_filter.h"

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <array>
#include <cerrno>
#include <memory>

namespace holdfast::vrrp {
namespace {

using Key = std::vector<std::byte>;

/// Compares the elements of a listing with those that must be there, each of which it takes out.
struct Comparison {
  std::set<Key> expected;
  bool has_others = false;

  static int take(nftnl_set_elem* element, void* self) {
    std::uint32_t size = 0;
    const auto* key =
        static_cast<const std::byte*>(nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size));
    auto& comparison = *static_cast<Comparison*>(self);
    if (key == nullptr || comparison.expected.erase(Key{key, key + size}) == 0)
      comparison.has_others = true;
    return 0;
  }
};

struct Request {
  alignas(nlmsghdr) std::array<char, 512> space{};
  nlmsghdr* header;
  explicit Request(std::uint16_t type)
      : header{nftnl_nlmsg_build_hdr(space.data(), type, NFPROTO_INET, NLM_F_DUMP, 0)} {}
};

}  // namespace

Result<std::unique_ptr<NftFilter>> NftFilter::open(NftSettings settings) {
  auto socket = netlink::Nfnetlink::open();
  if (!socket) return tl::make_unexpected(socket.error());
  auto watch = netlink::Nfnetlink::watch_tables();
  if (!watch) return tl::make_unexpected(watch.error());
  return std::unique_ptr<NftFilter>{
      new NftFilter{std::move(settings), std::move(*socket), std::move(*watch)}};
}

Result<void> NftFilter::send(NftBatch& batch, const char* what) {
  auto sent = socket_.send(batch.finish());
  if (!sent)
    return tl::make_unexpected(Error{fmt::format("cannot {} the nftables table {}: {}", what,
                                                 settings_.table, sent.error().what),
                                     sent.error().code});
  return {};
}

/// The table is made before it is deleted, so that the deletion of a missing one is no error.
Result<void> NftFilter::build(const FilterElements& elements) {
  NftBatch batch;
  batch.add_table(settings_);
  batch.delete_table(settings_);
  batch.add_table(settings_);
  batch.fill_table(settings_);
  batch.change(settings_, NftBatch::Change::add, elements);
  return send(batch, "make");
}

Result<void> NftFilter::add(const FilterElements& elements) {
  NftBatch batch;
  batch.change(settings_, NftBatch::Change::add, elements);
  return send(batch, "add to");
}

Result<void> NftFilter::remove(const FilterElements& elements) {
  NftBatch batch;
  batch.change(settings_, NftBatch::Change::remove, elements);
  return send(batch, "remove from");
}

Result<void> NftFilter::clear() {
  NftBatch batch;
  batch.delete_table(settings_);
  auto sent = send(batch, "remove");
  if (!sent && sent.error().code == ENOENT) return {};
  return sent;
}

Result<bool> NftFilter::is_intact(const FilterElements& elements) {
  auto intact = has_rules();
  for (std::size_t set = 0; set < filter_sets && intact && *intact; ++set)
    intact = has_elements(static_cast<FilterSet>(set), elements);
  return intact;
}

Result<bool> NftFilter::has_rules() {
  Request request{NFT_MSG_GETRULE};
  mnl_attr_put_strz(request.header, NFTA_RULE_TABLE, settings_.table.c_str());
  std::size_t rules = 0;
  auto listed = socket_.dump(*request.header, [&](const nlmsghdr&) { ++rules; });
  if (!listed && listed.error().code == ENOENT) return false;
  if (!listed) return tl::make_unexpected(listed.error());
  return rules == nft_rules;
}

Result<bool> NftFilter::has_elements(FilterSet set, const FilterElements& elements) {
  Comparison comparison;
  for (const FilterElement& element : elements)
    if (element.set == set)
      if (auto key = key_of(element, settings_.by_index); !key.empty())
        comparison.expected.insert(std::move(key));
  Request request{NFT_MSG_GETSETELEM};
  mnl_attr_put_strz(request.header, NFTA_SET_ELEM_LIST_TABLE, settings_.table.c_str());
  mnl_attr_put_strz(request.header, NFTA_SET_ELEM_LIST_SET, name_of(set));
  auto listed = socket_.dump(*request.header, [&](const nlmsghdr& message) {
    const std::unique_ptr<nftnl_set, decltype(&nftnl_set_free)> list{nftnl_set_alloc(),
                                                                     nftnl_set_free};
    if (nftnl_set_elems_nlmsg_parse(&message, list.get()) == 0)
      nftnl_set_elem_foreach(list.get(), Comparison::take, &comparison);
  });
  if (!listed && listed.error().code == ENOENT) return false;
  if (!listed) return tl::make_unexpected(listed.error());
  return comparison.expected.empty() && !comparison.has_others;
}

}  // namespace holdfast::vrrp
