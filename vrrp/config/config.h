// The typed configuration of holdfast-vrrp: what schema.cpp reads from the tree, completed by the
// globals and checked as a whole.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/global.h"
#include "daemon/config/schema.h"
#include "daemon/config/tree.h"
#include "vrrp/config/address_line.h"
#include "vrrp/config/group.h"
#include "vrrp/config/instance_parts.h"
#include "vrrp/config/route.h"
#include "vrrp/config/scripts.h"
#include "vrrp/config/static_config.h"
#include "vrrp/config/track.h"
#include "vrrp/core/hmac_trailer.h"
#include "vrrp/core/packet.h"
#include "vrrp/core/router.h"

namespace holdfast::vrrp {

enum class InitialState : std::uint8_t { backup, master };

/// What happens when another program removes an address, a route or a rule that an Active router
/// holds. A Holdfast keyword; keepalived always goes to BACKUP.
enum class AddressLoss : std::uint8_t { restore, backup, ignore };

/// Announcements by gratuitous ARP; every value final after completion.
struct AnnounceConfig {
  Duration delay = std::chrono::seconds{5};  ///< pause before the second block; 0: none
  std::uint32_t repeat = 5;                  ///< copies in a block
  Duration refresh{0};                       ///< 0: none
  std::uint32_t refresh_repeat = 1;
  Duration lower_prio_delay = std::chrono::seconds{5};
  std::uint32_t lower_prio_repeat = 5;
  Duration extra_refresh{0};  ///< garp_extra_if: on interfaces without adverts; 0: none
  bool extra_all = false;     ///< not only on VMACs
  bool operator==(const AnnounceConfig&) const = default;
};

struct Instance {
  std::string name;
  config::Place place;                                       ///< of the block; not compared
  std::map<std::string, config::Place, std::less<>> places;  ///< of arguments, by keyword
  std::string interface;
  std::optional<std::uint8_t> virtual_router_id;  ///< never empty after completion
  std::optional<std::uint8_t> configured_priority;
  std::optional<std::uint8_t> configured_version;
  InitialState state = InitialState::backup;
  Duration advert_int = std::chrono::seconds{1};
  bool preempt = true;
  Duration preempt_delay{0};
  bool dont_track_primary = false;
  bool no_virtual_ipaddress = false;
  std::optional<IpAddress> mcast_src_ip;
  AuthType auth_type = AuthType::none;
  Secret auth_pass;
  std::vector<VirtualAddress> addresses;  ///< announced in adverts, in configured order
  std::vector<VirtualAddress> excluded;   ///< held, not listed in adverts
  std::optional<Duration> garp_master_delay, garp_master_refresh, garp_lower_prio_delay;
  std::optional<std::uint32_t> garp_master_repeat, garp_master_refresh_repeat,
      garp_lower_prio_repeat;
  std::optional<std::uint32_t> down_timer_adverts;
  std::optional<bool> lower_prio_no_advert, higher_prio_send_advert, v3_checksum_as_v2,
      skip_check_adv_addr;
  NotifyScripts notify;
  Unicast unicast;
  std::optional<Hmac> hmac;
  std::optional<IpAddress> mcast_dst_ip;  ///< default: vrrp_mcast_group4 or vrrp_mcast_group6
  std::string vrf;                        ///< of an instance without interface
  bool native_ipv6 = false;
  std::optional<std::uint32_t> kernel_rx_buf_size;   ///< bytes; default: vrrp_rx_bufs_policy
  std::optional<std::uint8_t> timer_expired_backup;  ///< priority whose skew counts; empty: off
  bool also_version_2 = false;                       ///< RFC 9568 8.4.2
  std::optional<bool> owner_ignore_adverts;          ///< default: vrrp_owner_ignore_adverts
  bool track_src_ip = false;
  std::optional<bool> accept;       ///< default: true unless strict
  std::optional<bool> strict_mode;  ///< default: vrrp_strict

  VirtualLinks links;

  // Read and checked, and not acted on yet.
  Trackers track;
  std::vector<Route> routes;      ///< virtual_routes
  std::vector<PolicyRule> rules;  ///< virtual_rules
  bool promote_secondaries = false;
  bool linkbeat_use_polling = false;
  std::optional<bool> smtp_alert;  ///< default: smtp_alert_vrrp
  std::optional<bool> notify_priority_changes;
  std::string lvs_sync_daemon_interface;
  std::optional<ExtraGarp> garp_extra_if;  ///< default: vrrp_garp_extra_if

  AddressLoss on_address_loss = AddressLoss::backup;
  Duration track_damping{0};  ///< how long a change of the tracked weights holds off the next

  // Final values, computed by completion.
  Family family = Family::ipv4;  ///< of the adverts and the addresses in them
  IpAddress group;               ///< where multicast adverts go
  std::vector<Tracked> tracked;  ///< its own trackers and those of its sync group
  std::vector<MadeLink> made;    ///< the first is its own if has_own_link(), which adverts use
  RouterConfig router;           ///< without the primary address, which the interface has
  AnnounceConfig announce;
  ChecksumStyle checksum_style = ChecksumStyle::pseudo_header;
  std::optional<HmacPolicy> hmac_policy;  ///< auth_hmac
  bool ignores_adverts = false;           ///< an owner with owner_ignore_adverts
  bool is_strict = false;                 ///< strict_mode or vrrp_strict
  /// Packets for its addresses are dropped (RFC 9568 6.1 Accept_Mode false).
  bool refuses_packets = false;

  /// Where a message about this keyword points: at its argument, or at the block without it.
  [[nodiscard]] config::Place place_of(std::string_view keyword) const {
    const auto found = places.find(keyword);
    return found == places.end() ? place : found->second;
  }
  /// Adverts go to peers, not to the group.
  [[nodiscard]] bool is_unicast() const { return !unicast.peers.empty(); }
  /// Strict mode, where our own adverts keep the rule: of two routers with one configuration
  /// neither may be deaf to the other.
  [[nodiscard]] bool needs_link_local() const {
    return is_strict && !addresses.empty() && addresses.front().address.is_link_local();
  }
  /// unicast_src_ip or mcast_src_ip.
  [[nodiscard]] const std::optional<IpAddress>& configured_source() const {
    return is_unicast() && unicast.source ? unicast.source : mcast_src_ip;
  }
  [[nodiscard]] bool has_own_link() const { return links.vmac || links.ipvlan; }
  /// The interface that it makes for its adverts and addresses. Null: it makes none.
  [[nodiscard]] const MadeLink* own_link() const {
    return has_own_link() ? &made.front() : nullptr;
  }
  /// What the sockets are bound to: the interface, a VRF, or nothing.
  [[nodiscard]] const std::string& device() const { return interface.empty() ? vrf : interface; }
  [[nodiscard]] std::uint8_t vrid() const { return virtual_router_id.value_or(0); }
};

/// True when a reload has nothing to do for the instance. Script lines do not count: they are
/// looked up in the new text.
bool equal_in_effect(const Instance& a, const Instance& b);

struct VrrpConfig {
  config::GlobalDefs globals;
  std::vector<Instance> instances;
  TrackerConfig trackers;  ///< not acted on yet, as what follows
  GroupConfig groups;
  StaticConfig statics;
};

/// Reads every block of VRRP. What is wrong goes to the reader; an instance that cannot run is left
/// out. Blocks that are read and not built yet are answered as such by the supervisor.
VrrpConfig read_vrrp(std::span<const config::Statement> tree, config::Reader& reader);
/// Every keyword of the blocks that this process owns.
std::vector<config::KeywordInfo> describe_vrrp();

}  // namespace holdfast::vrrp
