// A transaction of nf_tables as bytes, written attribute by attribute over libmnl, for processes
// that must not load libnftnl (holdfast-checkers has OpenSSL). Sends nothing: nfnetlink.h does.
// @source linux/netfilter/nf_tables.h for every message, attribute and register
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

struct nlmsghdr;

namespace holdfast::netlink {

struct NftTable {
  std::uint8_t family = 0;  ///< NFPROTO_IPV4, NFPROTO_IPV6
  std::string name;
  auto operator<=>(const NftTable&) const = default;
};

/// A map whose keys are ranges, field by field, and whose values are 32 bits.
struct NftRangeMap {
  std::string name;
  std::vector<std::uint32_t> fields;           ///< their sizes, bytes; at least two
  std::uint32_t key_shown = 0;                 ///< how `nft list` shows keys and values:
  std::uint32_t value_shown = 0;               ///< enum datatypes of nftables
  [[nodiscard]] std::size_t key_size() const;  ///< with the padding of each field to 4 bytes
};

/// What one key range of a map means. Each field of a key is padded to 4 bytes.
struct NftMapping {
  std::vector<std::byte> first, last;
  std::uint32_t value = 0;
  auto operator<=>(const NftMapping&) const = default;
};

/// The expressions of a rule, one after the other.
class NftRule {
 public:
  explicit NftRule(nlmsghdr& message) : message_{message} {}
  /// @param key NFT_META_... @param to NFT_REG_... or NFT_REG32_...
  NftRule& load_meta(std::uint32_t key, std::uint32_t to);
  /// @param base NFT_PAYLOAD_...
  NftRule& load(std::uint32_t base, std::size_t offset, std::size_t size, std::uint32_t to);
  /// Goes on when the byte in register 1 is this one.
  NftRule& when(std::uint8_t value);
  /// Goes on when the map has the key that begins in register 1; its value is there then.
  NftRule& look_up(const std::string& map);
  /// The packet's mark is what is in register 1.
  NftRule& set_mark();
  NftRule& count();
  /// The chain ends here for this packet.
  void return_();

 private:
  void add(const char* name, const std::function<void()>& fill);
  nlmsghdr& message_;
};

/// All of it or nothing.
class NftTransaction {
 public:
  NftTransaction();
  /// @param comment `nft list` shows it; empty: none
  void add_table(const NftTable& table, const std::string& comment = {});
  /// @pre it is there
  void delete_table(const NftTable& table);
  /// Of type filter, with policy accept. @param hook NF_INET_...
  void add_chain(const NftTable& table, const std::string& name, std::uint32_t hook,
                 std::int32_t priority);
  /// The same, in the place of one of that name that may be there.
  void replace_chain(const NftTable& table, const std::string& name, std::uint32_t hook,
                     std::int32_t priority);
  void add_map(const NftTable& table, const NftRangeMap& map);
  void add_rule(const NftTable& table, const std::string& chain,
                const std::function<void(NftRule&)>& fill);
  enum class Change : std::uint8_t { add, remove };
  void change(const NftTable& table, const std::string& map, Change change,
              std::span<const NftMapping> mappings);
  /// Closes the transaction. @return valid as long as this object
  std::span<const char> finish();

 private:
  void append(std::uint16_t type, std::uint16_t flags, std::uint8_t family,
              const std::function<void(nlmsghdr&)>& fill);
  void append_boundary(std::uint16_t type);

  std::vector<char> bytes_;
  std::uint32_t sequence_ = 0;
};

/// The comment in the user data of a table; empty: none.
std::string nft_comment(std::span<const std::byte> user_data);
/// A message of mappings, as a listing has it.
std::vector<NftMapping> nft_mappings(const nlmsghdr& message);

}  // namespace holdfast::netlink
