// The typed configuration of holdfast-checkers: services, their servers and checks, completed and
// checked as a whole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkers/config/checks.h"
#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/global.h"
#include "daemon/config/schema.h"
#include "daemon/config/track_file.h"
#include "daemon/config/tree.h"
#include "ipvs/table.h"

namespace holdfast::checkers {

/// A script as the configuration names it: the place of its keyword, for process::RunScript.
using ScriptPlace = std::optional<config::Place>;

using ipvs::Tunnel;
using ipvs::TunnelChecksum;
using ipvs::TunnelType;

/// The words after lvs_method.
struct Method {
  ipvs::Forwarding forwarding = ipvs::Forwarding::masquerade;
  Tunnel tunnel;
  bool operator==(const Method&) const = default;
};

struct RealServer {
  Uncompared<config::Place> place;
  ipvs::DestinationKey key;
  std::optional<std::uint32_t> weight;
  std::optional<ipvs::Forwarding> forwarding;
  std::uint32_t upper_threshold = 0, lower_threshold = 0;
  std::optional<bool> inhibit_on_failure;
  ScriptPlace notify_up, notify_down;
  Timing timing;
  std::string virtualhost;
  std::vector<Check> checks;
  std::optional<bool> smtp_alert;  ///< default: smtp_alert_checker, else yes
  std::optional<CheckPath> check_path;
  Tunnel tunnel;          ///< of `forwarding`
  std::string snmp_name;  ///< read and checked; nothing acts on it yet

  // Final values.
  ipvs::DestinationSettings settings;
  bool inhibit = false;
  bool alpha = false;
  bool alert = false;             ///< mail its changes
  bool alert_each_check = false;  ///< and those of its checks that do not change it
  bool operator==(const RealServer&) const = default;
};

struct SorryServer {
  ipvs::DestinationKey key;
  std::optional<ipvs::Forwarding> forwarding;
  bool inhibit = false;
  ipvs::DestinationSettings settings;  ///< final
  bool operator==(const SorryServer&) const = default;
};

/// A line of a virtual_server_group: addresses first..last, each with the port.
struct GroupRange {
  IpAddress first, last;
  std::uint16_t port = 0;  ///< 0: every port
  bool operator==(const GroupRange&) const = default;
};
struct VirtualServer {
  Uncompared<config::Place> place;
  ipvs::ServiceKey key;  ///< of `virtual_server ADDRESS PORT` and `fwmark N`; always: the protocol
  std::string group;     ///< of `virtual_server group NAME`
  bool has_protocol = false;
  std::optional<std::string> scheduler;
  std::uint32_t flags = 0;
  std::uint32_t sh_flags = 0, mh_flags = 0;  ///< count with the scheduler of that name only
  std::optional<ipvs::Forwarding> forwarding;
  std::optional<std::uint32_t> persistence_timeout;
  std::optional<std::uint32_t> persistence_prefix;
  std::uint32_t default_weight = 1;
  Timing timing;
  bool inhibit_on_failure = false;
  bool omega = false;
  std::uint32_t quorum = 1, hysteresis = 0;
  std::uint32_t panic_threshold = 0, max_ejected = 0;  ///< per cent; 0: no limit
  Duration slow_start{};     ///< from weight 1 to the whole one; 0: at once
  Duration drain_timeout{};  ///< for the connections of a server that is removed; 0: none
  ScriptPlace quorum_up, quorum_down;
  std::string virtualhost;
  std::optional<SorryServer> sorry_server;
  std::optional<ipvs::Forwarding> sorry_forwarding;
  bool sorry_inhibit = false;
  std::vector<RealServer> servers;
  std::optional<bool> smtp_alert;   ///< default: smtp_alert_checker, else no
  std::optional<Family> ip_family;  ///< of a firewall mark whose servers do not tell
  std::string persistence_engine;
  Tunnel tunnel, sorry_tunnel;
  std::optional<CheckPath> check_path;
  // Read and checked; nothing acts on them yet.
  bool ha_suspend = false;  ///< checks rest while the address is not local
  std::string snmp_name;

  // Final values.
  std::string name;  ///< `[192.0.2.10]:tcp:80`, `FWM 7`, `[GROUP]:0`
  /// What it is in the kernel's table; never empty. Of a service with `marked`: its first
  /// addresses.
  std::vector<ipvs::ServiceKey> keys;
  /// nftables_ipvs: the addresses that get a firewall mark, and are one service by that; of nobody
  /// else.
  std::vector<GroupRange> marked;
  ipvs::ServiceSettings settings;
  bool alert = false;  ///< mail changes of the quorum

  /// Over a reload: its name, and of a group the protocol too.
  [[nodiscard]] std::string identity() const {
    return group.empty() ? name : name + " " + std::string{ipvs::to_string(key.protocol)};
  }
  /// One port for all: not of a firewall mark, and not of a group.
  [[nodiscard]] bool has_port() const { return group.empty() && key.fwmark == 0; }
  /// Wherever in the text it stands, save that the places of its notify scripts count.
  bool operator==(const VirtualServer&) const = default;
};

struct GroupMark {
  std::uint32_t fwmark = 0;
  std::optional<Family> family;  ///< default: the servers'
  bool operator==(const GroupMark&) const = default;
};
struct ServerGroup {
  config::Place place;
  std::string name;
  std::vector<GroupRange> ranges;
  std::vector<GroupMark> marks;
};

/// The SSL block: what SSL_GET shows to a server.
struct TlsIdentity {
  std::string password;          ///< of the key
  std::string ca;                ///< file; empty: the system's
  std::string certificate, key;  ///< files
  bool operator==(const TlsIdentity&) const = default;
};

struct CheckersConfig {
  config::GlobalDefs globals;
  std::vector<VirtualServer> services;
  std::vector<ServerGroup> groups;
  TlsIdentity tls;
  std::vector<config::TrackFile> files;
};

/// Reads the virtual_server blocks. What is wrong goes to the reader; a service or server that
/// cannot be used is left out.
CheckersConfig read_checkers(std::span<const config::Statement> tree, config::Reader& reader);
/// Where no mark can be set: every address of `marked`. Empty: more than the kernel's table should
/// have.
std::vector<ipvs::ServiceKey> keys_without_mark(const VirtualServer& service);
/// Every keyword of the blocks that this process owns.
std::vector<config::KeywordInfo> describe_checkers();

}  // namespace holdfast::checkers
