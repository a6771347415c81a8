// global_defs, typed. Every process reads it; each takes what it needs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/global_parts.h"
#include "daemon/config/schema.h"

namespace holdfast::config {

/// How many marks check_path has to itself: more than there are servers.
inline constexpr std::uint32_t check_path_marks = 1 << 20;

struct GlobalDefs {
  std::string router_id;
  std::optional<ScriptUser> script_user;
  bool enable_script_security = false;
  bool lvs_flush = false;
  FlushOnStop lvs_flush_on_stop = FlushOnStop::nothing;
  std::optional<SyncDaemon> lvs_sync_daemon;
  std::uint8_t vrrp_version = 2;
  IpAddress vrrp_mcast_group4 = IpAddress::v4(0xE0000012);
  Duration vrrp_garp_master_delay = std::chrono::seconds{5};
  std::uint32_t vrrp_garp_master_repeat = 5;
  Duration vrrp_garp_master_refresh{0};
  std::uint32_t vrrp_garp_master_refresh_repeat = 1;
  std::optional<Duration> vrrp_garp_lower_prio_delay;        ///< default: vrrp_garp_master_delay
  std::optional<std::uint32_t> vrrp_garp_lower_prio_repeat;  ///< default: vrrp_garp_master_repeat
  Duration vrrp_garp_interval{0};
  bool vrrp_min_garp = false;
  std::uint32_t vrrp_down_timer_adverts = 3;
  bool vrrp_lower_prio_no_advert = false;
  bool vrrp_higher_prio_send_advert = false;
  bool vrrp_skip_check_adv_addr = false;
  Duration vrrp_startup_delay{0};
  bool v3_checksum_as_v2 = false;
  bool log_unknown_vrids = false;
  bool checker_log_all_failures = false;
  bool rs_init_notifies = false;

  // Read and checked; nothing acts on them yet (global_process.cpp, global_later.cpp).
  CommonDefs common;
  ProcessDefs parent_process, vrrp_process, checker_process, bfd_process;
  NotifyFifo notify_fifo, vrrp_fifo, lvs_fifo;
  AlertDefs alerts;
  IpvsTimeouts lvs_timeouts;
  std::uint32_t check_path_first_mark = 0x10000000;  ///< of check_path_marks
  FirewallDefs firewall;
  VrrpDefs vrrp;
  SnmpDefs snmp;
  DbusDefs dbus;
  BufferDefs buffers;
  ReloadDefs reload;
  IncludeChecks include_checks;
  DumpDefs dumps;
  bool operator==(const GlobalDefs&) const = default;
};

/// All of them, and the parts that it is made of.
std::span<const Row<GlobalDefs>> global_schema();
std::span<const Row<GlobalDefs>> global_process_rows();
std::span<const Row<GlobalDefs>> global_service_rows();
std::span<const Row<GlobalDefs>> global_later_rows();
/// Reads all global_defs blocks of the tree, wherever they stand: order does not matter here.
GlobalDefs read_globals(std::span<const Statement> tree, Reader& reader);

/// Which process owns a top-level block. `nobody`: unknown keyword.
enum class Owner : std::uint8_t { nobody, everybody, supervisor, vrrp, checkers, unsupported };
Owner owner_of(std::string_view top_level_keyword);
/// All top-level keywords, for suggestions and documentation.
std::vector<KeywordInfo> describe_top_level();
/// The keywords inside top-level blocks that nobody reads yet; none is supported.
std::vector<KeywordInfo> describe_later_blocks();

}  // namespace holdfast::config
