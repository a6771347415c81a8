// The typed configuration of holdfast-vrrp: what schema.cpp reads from the tree, completed by the
// globals and checked as a whole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/global.h"
#include "daemon/config/schema.h"
#include "daemon/config/tree.h"
#include "vrrp/core/packet.h"
#include "vrrp/core/router.h"

namespace holdfast::vrrp {

/// One line of virtual_ipaddress or virtual_ipaddress_excluded.
struct VirtualAddress {
  IpAddress address;
  std::uint8_t prefix_length = 32;
  std::string interface;  ///< where it lives; the instance's own unless `dev` says otherwise
  std::string label;      ///< IFA_LABEL; empty: the interface name
  /// rtnetlink scope: 0 global, 200 site, 253 link, 254 host. @source linux/rtnetlink.h
  std::uint8_t scope = 0;
  std::optional<IpAddress> broadcast;
  bool operator==(const VirtualAddress&) const = default;
};

enum class InitialState : std::uint8_t { backup, master };

/// A script as the configuration names it: the place of its keyword, for process::RunScript.
using ScriptPlace = std::optional<config::Place>;

struct NotifyScripts {
  ScriptPlace master, backup, fault, stop, any;
  bool operator==(const NotifyScripts&) const = default;
};

/// Announcements by gratuitous ARP; every value final after completion.
struct AnnounceConfig {
  Duration delay = std::chrono::seconds{5};  ///< pause before the second block; 0: none
  std::uint32_t repeat = 5;                  ///< copies in a block
  Duration refresh{0};                       ///< 0: none
  std::uint32_t refresh_repeat = 1;
  Duration lower_prio_delay = std::chrono::seconds{5};
  std::uint32_t lower_prio_repeat = 5;
  bool operator==(const AnnounceConfig&) const = default;
};

struct Instance {
  std::string name;
  config::Place place;  ///< of the block; not compared
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
  std::string auth_pass;
  std::vector<VirtualAddress> addresses;  ///< announced in adverts, in configured order
  std::vector<VirtualAddress> excluded;   ///< held, not listed in adverts
  std::optional<Duration> garp_master_delay, garp_master_refresh, garp_lower_prio_delay;
  std::optional<std::uint32_t> garp_master_repeat, garp_master_refresh_repeat,
      garp_lower_prio_repeat;
  std::optional<std::uint32_t> down_timer_adverts;
  std::optional<bool> lower_prio_no_advert, higher_prio_send_advert, v3_checksum_as_v2,
      skip_check_adv_addr;
  NotifyScripts notify;

  // Final values, computed by completion.
  RouterConfig router;  ///< without the primary address, which the interface has
  AnnounceConfig announce;
  ChecksumStyle checksum_style = ChecksumStyle::pseudo_header;

  [[nodiscard]] std::uint8_t vrid() const { return virtual_router_id.value_or(0); }
};

/// True when a reload has nothing to do for the instance. Script lines do not count: they are
/// looked up in the new text.
bool equal_in_effect(const Instance& a, const Instance& b);

struct VrrpConfig {
  config::GlobalDefs globals;
  std::vector<Instance> instances;
};

/// Reads the vrrp_instance blocks. What is wrong goes to the reader; an instance that cannot run
/// is left out.
VrrpConfig read_vrrp(std::span<const config::Statement> tree, config::Reader& reader);
/// Every keyword of the blocks that this process owns.
std::vector<config::KeywordInfo> describe_vrrp();

}  // namespace holdfast::vrrp
