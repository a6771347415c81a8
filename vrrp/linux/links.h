// A mirror of the kernel's interfaces and addresses: one dump, then notifications; a fresh
// dump when notifications were lost.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/result.h"
#include "daemon/netlink/monitor.h"
#include "vrrp/core/neighbour.h"
#include "vrrp/core/wanted.h"

namespace holdfast::vrrp {

struct Link {
  std::uint32_t index = 0;
  std::string name;
  bool up = false;       ///< IFF_UP
  bool running = false;  ///< IFF_UP and IFF_RUNNING
  MacAddress mac{};
  std::uint32_t mtu = 1500;
  std::string kind;         ///< "macvlan"; empty: hardware
  std::uint32_t base = 0;   ///< index of the interface below it
  std::uint32_t mode = 0;   ///< of a macvlan its mode, of an ipvlan its flags (linux/if_link.h)
  std::uint32_t table = 0;  ///< of a VRF its routing table
  std::uint32_t group = 0;  ///< interface group
  std::string alias;        ///< free text of IFLA_IFALIAS
};

/// Our mark on addresses, IFA_PROTO, where the supervisor gives us none of our own: neither one of
/// the kernel's (below 4) nor keepalived's (18), whose addresses are not ours.
inline constexpr std::uint8_t default_address_mark = 128;

/// An address as the kernel reports it.
struct KernelAddress {
  bool marked = false;      ///< IFA_PROTO is ours
  bool secondary = false;   ///< IFA_F_SECONDARY; IPv4 only
  bool dad_failed = false;  ///< IFA_F_DADFAILED: there, and of no use
  bool tentative = false;  ///< IPv6: duplicate address detection runs; no source yet (RFC 4862 5.4)
  std::optional<IpAddress> peer{};
  std::uint64_t order = 0;  ///< in the kernel's list: the first is the primary one
};

class Links {
 public:
  /// Subscribes and reads the first dump. @param mark of our addresses
  static Result<Links> open(std::uint8_t mark);

  /// Takes what the kernel has to say. @return true when anything changed that was not noted
  /// before. Error: it could not be read; what was known stays, and a further call reads everything
  /// anew.
  Result<bool> update();
  /// Takes what our own request has just changed; the next update() tells that something did.
  void refresh();
  /// Readable when update() has something.
  [[nodiscard]] int descriptor() const { return monitor_.descriptor(); }

  /// Null: no such interface now.
  [[nodiscard]] const Link* find(std::string_view name) const;
  [[nodiscard]] const Link* find(std::uint32_t index) const;
  [[nodiscard]] const std::map<std::uint32_t, Link>& all() const { return links_; }
  [[nodiscard]] const std::map<AddressKey, KernelAddress>& addresses() const { return addresses_; }
  /// The address that adverts come from: the first one that is not left out. IPv6: the first
  /// link-local one that is not tentative (RFC 9568 5.1.2.1), or `keep` while that is one of them.
  [[nodiscard]] std::optional<IpAddress> primary_address(
      std::uint32_t index, Family family,
      const std::function<bool(const AddressKey&, const KernelAddress&)>& is_left_out,
      const IpAddress& keep = {}) const;
  /// True when any interface has the address, and it can be used.
  [[nodiscard]] bool has_address(const IpAddress& address) const;

  /// True when an interface of ours has it.
  [[nodiscard]] bool has_mac(const MacAddress& mac) const;
  /// Interfaces that have come to a link anew since the last call: the cable is back, or a bond or
  /// a virtual machine is somewhere else now.
  [[nodiscard]] std::set<std::uint32_t> take_relinked() { return std::exchange(relinked_, {}); }

  struct Renaming {
    std::uint32_t index = 0;
    std::string before;
  };
  /// Interfaces that got another name since the last call, in the order of events.
  [[nodiscard]] std::vector<Renaming> take_renamed() { return std::exchange(renamed_, {}); }

  /// Whether it has been down since forget_downs(), however short: the kernel took away then what
  /// was on it.
  [[nodiscard]] bool was_down(std::uint32_t index) const { return downs_.contains(index); }
  void forget_downs() { downs_.clear(); }

  /// What the reconciler has just done, so that it is not done again before the kernel tells.
  void note_added(const AddressKey& key, const std::optional<IpAddress>& peer);
  void note_removed(const AddressKey& key);

 private:
  Links(netlink::Monitor monitor, std::uint8_t mark) : monitor_{std::move(monitor)}, mark_{mark} {}
  Result<void> dump();
  Result<void> dump_once();
  void note_name(const Link& link, const std::string& before);
  void apply(const nlmsghdr& message);
  void apply_link(const nlmsghdr& message, bool present);
  void apply_address(const nlmsghdr& message, bool present);

  netlink::Monitor monitor_;
  std::map<std::uint32_t, Link> links_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::map<AddressKey, KernelAddress> addresses_;
  std::set<std::uint32_t> downs_;
  std::set<std::uint32_t> relinked_;
  std::vector<Renaming> renamed_;
  std::uint64_t next_order_ = 0;
  std::uint8_t mark_;
  bool changed_ = false;
  bool stale_ = false;  ///< something was missed
};

}  // namespace holdfast::vrrp
