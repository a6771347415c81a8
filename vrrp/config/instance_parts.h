// Parts of an instance that have blocks or lines of their own: unicast, virtual MACs, HMAC.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/schema.h"
#include "vrrp/config/words.h"
#include "vrrp/core/hmac_trailer.h"
#include "vrrp/core/neighbour.h"

namespace holdfast::vrrp {

/// One line of unicast_peer: `ADDRESS [min_ttl N] [max_ttl N]`.
struct UnicastPeer {
  IpAddress address;
  std::uint8_t min_ttl = 0;    ///< lowest TTL of adverts that are taken
  std::uint8_t max_ttl = 255;  ///< highest
  bool operator==(const UnicastPeer&) const = default;
};

/// old_unicast_checksum: version 3 adverts as keepalived before 1.3.6 summed them. `use`: the bare
/// keyword; `detect`: what the peer sends tells.
enum class OldUnicastChecksum : std::uint8_t { never, detect, use };

struct Unicast {
  /// Null: this address is no peer.
  [[nodiscard]] const UnicastPeer* find(const IpAddress& address) const {
    const auto peer = std::ranges::find(peers, address, &UnicastPeer::address);
    return peer == peers.end() ? nullptr : &*peer;
  }

  std::vector<UnicastPeer> peers;
  std::optional<IpAddress> source;   ///< unicast_src_ip; default: primary address
  std::optional<std::uint8_t> ttl;   ///< default 255
  bool fault_no_peer = false;        ///< FAULT, not multicast, when no peer is named
  std::optional<bool> check_source;  ///< default: vrrp_check_unicast_src
  OldUnicastChecksum old_checksum = OldUnicastChecksum::detect;
  bool operator==(const Unicast&) const = default;
};

/// `use_vmac [[name] IF] [MAC] [netlink_notify_msg] [group G]`
struct Vmac {
  std::string interface;          ///< empty: vmac_prefix and the VRID
  std::vector<std::uint8_t> mac;  ///< 5 octets, the VRID follows, or 6; empty: RFC 9568 7.3
  bool netlink_notify = false;
  std::optional<Id> group;  ///< interface group; default: the parent's
  bool operator==(const Vmac&) const = default;
};

enum class IpvlanMode : std::uint8_t { bridge, isolated, vepa };  ///< `isolated`: "private"

/// `use_ipvlan [[name] IF] [ADDR[/M]] [bridge|private|vepa] [group G]`
struct Ipvlan {
  std::string interface;
  std::optional<Prefix> address;
  IpvlanMode mode = IpvlanMode::bridge;
  std::optional<Id> group;
  bool operator==(const Ipvlan&) const = default;
};

/// An interface that an instance makes, as it is wanted: a macvlan in private mode with the virtual
/// MAC, or an ipvlan.
struct MadeLink {
  enum class Kind : std::uint8_t { macvlan, ipvlan } kind = Kind::macvlan;
  std::string name;  ///< empty until name_links()
  bool has_default_name = true;
  std::string base;                      ///< the interface below it
  MacAddress mac{};                      ///< of a macvlan
  IpvlanMode mode = IpvlanMode::bridge;  ///< of an ipvlan
  std::optional<Id> group;               ///< interface group; default: that of the base
  bool notifies_base = false;            ///< netlink_notify_msg
  bool carries_ipv6 = false;             ///< else IPv6 is off on it
  bool operator==(const MadeLink&) const = default;
};

/// What an instance says about interfaces that it makes.
struct VirtualLinks {
  std::optional<Vmac> vmac;
  std::optional<Ipvlan> ipvlan;
  bool vmac_for_addresses = false;  ///< use_vmac_addr
  bool send_from_base = false;      ///< vmac_xmit_base
  bool operator==(const VirtualLinks&) const = default;
};

/// `garp_extra_if [all] SECONDS`
struct ExtraGarp {
  Duration interval{0};  ///< 0: none
  bool all = false;      ///< every interface with addresses, not only virtual MACs
  bool operator==(const ExtraGarp&) const = default;
};

struct HmacKey {
  /// `file`: of a file or a systemd credential, which the supervisor puts in place before we read
  enum class Source : std::uint8_t { text, hex, file };
  std::uint8_t id = 0;  ///< 1..255
  Source source = Source::text;
  Secret value;  ///< the key's bytes (32..64), or where they are
  bool operator==(const HmacKey&) const = default;
};

/// @source keepalived 2.4.0: keys have 32 to 64 bytes
inline constexpr std::size_t shortest_hmac_key = 32;
inline constexpr std::size_t longest_hmac_key = 64;

/// auth_hmac: the trailer of keepalived 2.4.3 (runtime.md 11 of the reference).
struct Hmac {
  std::vector<HmacKey> keys;
  std::optional<std::uint8_t> active_key;  ///< mandatory
  std::optional<Duration> time_window;     ///< default: max(3 * advert_int, 5 s)
  AntiReplay anti_replay = AntiReplay::time;
  HmacMode mode = HmacMode::enforce;
  bool operator==(const Hmac&) const = default;
};

// Readers of rows; the lines are in the doc comments above.
void read_unicast_peers(Unicast&, const config::Statement&, config::Reader&);
void read_old_checksum(Unicast&, const config::Statement&, config::Reader&);
void read_vmac(VirtualLinks&, const config::Statement&, config::Reader&);
void read_ipvlan(VirtualLinks&, const config::Statement&, config::Reader&);
void read_extra_garp(std::optional<ExtraGarp>&, const config::Statement&, config::Reader&);
/// Reads the block; one without a usable active_key is reported and left out, as in keepalived.
void read_hmac(std::optional<Hmac>&, const config::Statement&, config::Reader&);
void describe_hmac(std::vector<config::KeywordInfo>& out);

}  // namespace holdfast::vrrp
