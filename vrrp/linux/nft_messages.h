// Transactions of nf_tables as bytes: our table, its chains, sets and rules. Sends nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "vrrp/core/filter.h"

struct nlmsghdr;

namespace holdfast::vrrp {

struct NftSettings {
  std::string table = "holdfast";
  std::int32_t priority = -1;  ///< of the hooks
  bool by_index = false;       ///< interfaces are matched by number, not by name
  bool counters = false;       ///< each rule that drops counts what it drops
  bool operator==(const NftSettings&) const = default;
};

/// The bytes by which the kernel knows an element, in the order of its set's key.
/// @return empty: there is no such interface now, and so no such element
std::vector<std::byte> key_of(const FilterElement& element, bool by_index);
/// The name of a set in the table.
const char* name_of(FilterSet set);

/// One transaction: all of it or nothing.
class NftBatch {
 public:
  NftBatch();
  void add_table(const NftSettings& settings);
  void delete_table(const NftSettings& settings);
  /// Chains, sets and rules. @pre the table is new in this batch
  void fill_table(const NftSettings& settings);
  enum class Change : std::uint8_t { add, remove };
  void change(const NftSettings& settings, Change change, const FilterElements& elements);
  /// Closes the transaction. @return valid as long as this object
  std::span<const char> finish();

 private:
  /// Appends a message of type NFT_MSG_... whose payload `fill` writes.
  void append(std::uint16_t type, std::uint16_t flags,
              const std::function<void(nlmsghdr*)>& fill = {});
  void append_raw(nlmsghdr* (*build)(char*, std::uint32_t));
  void add_chain(const NftSettings& settings, const char* name, std::uint32_t hook);
  void add_set(const NftSettings& settings, FilterSet set);
  void add_rules(const NftSettings& settings, const char* chain);

  std::vector<char> bytes_;
  std::uint32_t sequence_ = 0;
};

/// How many rules fill_table() makes.
inline constexpr std::size_t nft_rules = 8;

}  // namespace holdfast::vrrp
