// The parts of global_defs: typed values that belong together. See global.h for the whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/diagnostic.h"

namespace holdfast::config {

/// `lvs_sync_daemon IF [[inst] VRRP] [id N] [maxlen N] [port N] [ttl N] [group MCAST]`
struct SyncDaemon {
  std::string interface;
  std::string instance;                 ///< empty: both roles run, whatever VRRP says
  std::optional<std::uint8_t> sync_id;  ///< default: the instance's VRID, or 0
  std::uint16_t max_length = 0;         ///< 0: the kernel's choice
  std::uint16_t port = 0;               ///< 0: 8848, the kernel's default
  std::uint8_t ttl = 0;                 ///< 0: 1, the kernel's default
  std::optional<IpAddress> group;       ///< default 224.0.0.81
  bool operator==(const SyncDaemon&) const = default;
};

enum class FlushOnStop : std::uint8_t { nothing, everything, virtual_servers };

struct ScriptUser {
  std::string user, group;
  bool supplementary_groups = false;  ///< group was written with a leading ':'
  bool operator==(const ScriptUser&) const = default;
};
/// `USER [[:]GROUP]`; `group` may be empty.
ScriptUser make_script_user(std::string_view user, std::string_view group);

/// How one process is named and scheduled.
struct ProcessDefs {
  std::string name;                                        ///< shown by ps; empty: the program's
  std::int8_t nice = 0;                                    ///< -20..19
  bool no_swap = false;                                    ///< lock all memory
  std::optional<std::uint8_t> rt_priority;                 ///< SCHED_RR 1..99; not set: no realtime
  std::vector<std::uint16_t> cpu_affinity;                 ///< CPU numbers; empty: every CPU
  Duration rlimit_rttime = std::chrono::milliseconds{10};  ///< RLIMIT_RTTIME, hard limit
  bool operator==(const ProcessDefs&) const = default;
};

/// A script that the supervisor runs itself: where its line is, and how long it may take.
struct ScriptDefs {
  std::optional<Place> script;  ///< read with read_command(); command.h
  Duration timeout = std::chrono::seconds{10};
  bool operator==(const ScriptDefs&) const = default;
};

/// A FIFO that gets a line for every change, and the script that reads it.
struct NotifyFifo {
  std::string path;  ///< empty: none
  std::optional<ScriptUser> owner;
  std::optional<Place> script;  ///< gets the path as its last argument
  bool operator==(const NotifyFifo&) const = default;
};

/// Alert mail.
struct AlertDefs {
  std::string from;    ///< empty: user@hostname
  std::string server;  ///< address or host name of the relay; empty: no mail
  std::uint16_t port = 25;
  std::string helo_name;  ///< empty: the host name
  Duration connect_timeout = std::chrono::seconds{30};
  std::vector<std::string> recipients;
  std::optional<bool> all;       ///< default of the next two
  std::optional<bool> vrrp;      ///< instances and groups
  std::optional<bool> checkers;  ///< virtual and real servers
  bool no_faults = false;        ///< none for transitions to FAULT
  bool no_checker_emails = false;
  [[nodiscard]] bool can_send() const { return !server.empty() && !recipients.empty(); }
  /// @param own what the instance or group says itself. @source runtime.md section 8
  [[nodiscard]] bool for_vrrp(std::optional<bool> own) const {
    return own.value_or(vrrp.value_or(all.value_or(false)));
  }
  /// @param fallback where nobody says: real servers yes, virtual servers no
  [[nodiscard]] bool for_checkers(std::optional<bool> own, bool fallback) const {
    return own.value_or(checkers.value_or(all.value_or(fallback)));
  }
  bool operator==(const AlertDefs&) const = default;
};

/// Connection timeouts of IPVS; not set: the kernel's stay.
struct IpvsTimeouts {
  std::optional<Duration> tcp, tcp_fin, udp;
  bool operator==(const IpvsTimeouts&) const = default;
};

/// iptables, ipset and nftables names for rules that the daemon makes.
struct FirewallDefs {
  std::string iptables_in, iptables_out;  ///< chains; empty: iptables is not used
  std::vector<std::string> ipsets;        ///< up to 6 names, all different
  bool no_ipsets = false;                 ///< a rule for each address in the chains
  std::optional<std::string> table;       ///< nftables; empty: as the daemon; not set: not used
  std::int32_t priority = -1;             ///< of the hooks of the VRRP chains
  bool by_index = false;                  ///< rules match interface numbers, not names
  bool counters = false;
  /// Gives addresses of groups firewall marks; empty: as the daemon; not set: not used.
  std::optional<std::string> ipvs_table;
  std::int32_t ipvs_priority = -1;
  std::uint32_t ipvs_first_mark = 1000;
  bool operator==(const FirewallDefs&) const = default;
};

struct SnmpDefs {
  std::string socket = "unix:/var/agentx/master";
  bool traps = false;
  bool vrrp = false, rfc = false, rfc_v2 = false, rfc_v3 = false, checkers = false;
  Duration service_statistics_age = std::chrono::seconds{5};
  std::optional<Duration> server_statistics_age;  ///< default: service_statistics_age
  bool operator==(const SnmpDefs&) const = default;
};

struct DbusDefs {
  bool enabled = false;
  std::string service_name = "org.keepalived.Vrrp1";
  std::string no_interface_name = "none";  ///< path element of instances without interface
  bool operator==(const DbusDefs&) const = default;
};

/// Receive buffers of netlink sockets, bytes; not set: the kernel's choice. `force` passes the
/// system's limit (SO_RCVBUFFORCE).
struct BufferDefs {
  std::optional<std::uint32_t> vrrp_command, vrrp_monitor, processes, lvs_command, lvs_monitor;
  bool vrrp_command_force = false, vrrp_monitor_force = false, processes_force = false;
  bool lvs_command_force = false, lvs_monitor_force = false;
  bool operator==(const BufferDefs&) const = default;
};

/// Receive buffers of advertisement sockets.
struct AdvertBuffers {
  enum class Policy : std::uint8_t { kernel, mtu, advert, bytes };
  Policy policy = Policy::kernel;
  std::uint32_t bytes = 0;       ///< of Policy::bytes
  std::uint32_t multiplier = 3;  ///< of the MTU or the size of an advertisement
  bool operator==(const AdvertBuffers&) const = default;
};

enum class DynamicInterfaces : std::uint8_t {
  off,
  appear,     ///< interfaces may be missing and come later
  change_too  ///< and may come back as another type
};

/// Gratuitous ARP from the interfaces of VMAC addresses that carry no advertisements.
struct ExtraGarp {
  Duration interval{0};         ///< 0: none; else 1..86400 s
  bool all_interfaces = false;  ///< of every virtual address, not only of VMACs
  bool operator==(const ExtraGarp&) const = default;
};

/// Defaults and behaviour of VRRP that nothing acts on yet.
struct VrrpDefs {
  bool no_local_igmp = false;
  bool owner_ignore_adverts = false, check_unicast_src = false, strict = false;
  bool notify_priority_changes = false, fifo_states_on_reload = false;
  DynamicInterfaces dynamic_interfaces = DynamicInterfaces::off;
  std::string default_interface = "eth0";  ///< of static addresses without dev
  IpAddress mcast_group6 = *IpAddress::parse("ff02::12");
  Duration gna_interval{0};
  ExtraGarp extra_garp;
  AdvertBuffers buffers;
  Duration delay_after_boot{0};      ///< uptime before which instances are held back
  std::string vmac_prefix = "vrrp";  ///< of interface names
  std::string vmac_addr_prefix;      ///< empty: vmac_prefix
  bool operator==(const VrrpDefs&) const = default;
};

/// Files, and what happens at a reload.
struct ReloadDefs {
  std::optional<std::string>
      check_config_log;                    ///< set: a test child validates first, and logs here
  std::string time_file;                   ///< holds the time of the next reload
  bool repeat = false;                     ///< daily, when the file holds only a time of day
  std::optional<std::string> marker_file;  ///< exists while files are read; empty: default place
  std::string save_dir;                    ///< copies of configuration and dumps around a reload
  std::string copy_dir;                    ///< where the sealed copy lives; empty: in memory
  bool operator==(const ReloadDefs&) const = default;
};

/// Which failures of an include are errors, so that start and reload are refused.
struct IncludeChecks {
  bool readable = false;  ///< r: a file that matches must be a readable regular file
  bool literal = false;   ///< m: a name without wildcards must exist
  bool wildcard = false;  ///< w: a pattern with wildcards must match something
  bool braces = false;    ///< b: each brace alternative must match something
  bool operator==(const IncludeChecks&) const = default;
};

struct DumpDefs {
  std::string state_file = "/tmp/keepalived.data", stats_file = "/tmp/keepalived.stats",
              json_file = "/tmp/keepalived.json";
  std::uint8_t json_version = 1;
  bool names_have_instance = false;  ///< namespace and instance are part of the file names
  bool operator==(const DumpDefs&) const = default;
};

/// What concerns the supervisor or every process.
struct CommonDefs {
  bool child_process_names = false;  ///< children are called keepalived_vrrp and so on
  bool use_symlink_paths = false;    ///< script paths keep their symbolic links
  bool set_supplementary_groups = false;
  ScriptDefs startup, shutdown;
  std::int8_t max_auto_priority = 0;  ///< realtime priority that lateness may reach; 0, -1: none
  Duration min_auto_priority_delay = std::chrono::seconds{1};
  std::uint32_t umask = 0177;  ///< of created files
  std::optional<std::uint32_t> random_seed;
  std::string iproute_usr_dir = "/usr/share/iproute2", iproute_etc_dir = "/etc/iproute2";
  bool operator==(const CommonDefs&) const = default;
};

}  // namespace holdfast::config
