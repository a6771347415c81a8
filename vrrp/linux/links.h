// A mirror of the kernel's interfaces and IPv4 addresses: one dump, then notifications; a fresh
// dump when notifications were lost.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/ip.h"
#include "daemon/base/result.h"
#include "daemon/netlink/monitor.h"
#include "vrrp/core/wanted.h"

namespace holdfast::vrrp {

using MacAddress = std::array<std::uint8_t, 6>;

struct Link {
  std::uint32_t index = 0;
  std::string name;
  bool running = false;  ///< IFF_UP and IFF_RUNNING
  MacAddress mac{};
  std::uint32_t mtu = 1500;
};

/// An address as the kernel reports it.
struct KernelAddress {
  bool marked = false;      ///< IFA_PROTO is ours
  bool secondary = false;   ///< IFA_F_SECONDARY
  std::uint64_t order = 0;  ///< in the kernel's list: the first is the primary one
};

class Links {
 public:
  /// Subscribes and reads the first dump.
  static Result<Links> open();

  /// Takes what the kernel has to say. @return true when anything changed that was not noted before
  Result<bool> update();
  /// Readable when update() has something.
  [[nodiscard]] int descriptor() const { return monitor_.descriptor(); }

  /// Null: no such interface now.
  [[nodiscard]] const Link* find(std::string_view name) const;
  [[nodiscard]] const Link* find(std::uint32_t index) const;
  [[nodiscard]] const std::map<AddressKey, KernelAddress>& addresses() const { return addresses_; }
  /// The address that adverts come from: the first one that is not `is_virtual`.
  [[nodiscard]] std::optional<IpAddress> primary_address(
      std::uint32_t index, const std::function<bool(const AddressKey&)>& is_virtual) const;

  /// What the reconciler has just done, so that it is not done again before the kernel tells.
  void note_added(const AddressKey& key);
  void note_removed(const AddressKey& key);

 private:
  explicit Links(netlink::Monitor monitor) : monitor_{std::move(monitor)} {}
  Result<void> dump();
  Result<void> dump_once();
  void apply(const nlmsghdr& message);
  void apply_link(const nlmsghdr& message, bool present);
  void apply_address(const nlmsghdr& message, bool present);

  netlink::Monitor monitor_;
  std::map<std::uint32_t, Link> links_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::map<AddressKey, KernelAddress> addresses_;
  std::uint64_t next_order_ = 0;
  bool changed_ = false;
};

/// Our mark on addresses: IFA_PROTO. @source runtime.md 13.1: keepalived's protocol number
inline constexpr std::uint8_t address_protocol = 18;

}  // namespace holdfast::vrrp
