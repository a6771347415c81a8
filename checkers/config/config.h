// The typed configuration of holdfast-checkers: services, their servers and checks, completed and
// checked as a whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/global.h"
#include "daemon/config/schema.h"
#include "daemon/config/tree.h"
#include "ipvs/table.h"

namespace holdfast::checkers {

/// A script as the configuration names it: the place of its keyword, for process::RunScript.
using ScriptPlace = std::optional<config::Place>;

/// Timing that checks, servers and services may set; the nearest one counts (runtime.md 16.1).
struct Timing {
  std::optional<std::uint32_t> retry;
  std::optional<Duration> delay_before_retry, warmup, connect_timeout, delay_loop;
  std::optional<bool> alpha;
  bool operator==(const Timing&) const = default;
};

/// The same with every value decided.
struct FinalTiming {
  std::uint32_t retry = 1;  ///< further attempts before a failure counts
  Duration delay_before_retry = std::chrono::seconds{1};
  Duration warmup = std::chrono::seconds{60};  ///< bound of the random initial delay
  Duration connect_timeout = std::chrono::seconds{5};
  Duration delay_loop = std::chrono::seconds{60};
  bool alpha = false;  ///< down until the first success
  bool operator==(const FinalTiming&) const = default;
};

/// Where a probe goes and how its socket is set up.
struct Endpoint {
  std::optional<IpAddress> connect_ip;        ///< default: the server
  std::optional<std::uint16_t> connect_port;  ///< default: the server's
  std::optional<IpAddress> bindto;
  std::optional<std::uint16_t> bind_port;
  std::string bind_if;
  std::optional<std::uint32_t> fwmark;
  bool operator==(const Endpoint&) const = default;
};

struct TcpCheck {
  bool operator==(const TcpCheck&) const = default;
};
struct PingCheck {
  bool operator==(const PingCheck&) const = default;
};

enum class HttpVersion : std::uint8_t { v1_0, v1_0_close, v1_0_close_lower, v1_1 };

struct HttpUrl {
  std::string path;
  std::string digest;  ///< MD5 of the body, 32 hexadecimal digits in lower case; empty: any
  std::vector<std::pair<std::uint16_t, std::uint16_t>> status;  ///< accepted ranges
  std::string virtualhost;
  bool operator==(const HttpUrl&) const = default;
};
struct HttpCheck {
  std::vector<HttpUrl> urls;
  std::string virtualhost;  ///< of the check, else server, else service
  HttpVersion version = HttpVersion::v1_0;
  bool fast_recovery = false;
  bool operator==(const HttpCheck&) const = default;
};

struct Check {
  config::Place place;  ///< not compared
  std::variant<TcpCheck, PingCheck, HttpCheck> probe;
  Endpoint endpoint;
  Timing timing;
  std::optional<bool> log_all_failures;
  FinalTiming final_timing;
  bool log_failures = false;  ///< final

  /// What is checked and how, whatever the timing: "TCP_CHECK 10.0.0.2:80 ...". Two checks of one
  /// server with one identity are the same check over a reload.
  [[nodiscard]] std::string identity() const;
  [[nodiscard]] std::string_view keyword() const;
  bool same_effect(const Check& other) const;
};

struct RealServer {
  config::Place place;
  ipvs::DestinationKey key;
  std::optional<std::uint32_t> weight;
  std::optional<ipvs::Forwarding> forwarding;
  std::uint32_t upper_threshold = 0, lower_threshold = 0;
  std::optional<bool> inhibit_on_failure;
  ScriptPlace notify_up, notify_down;
  Timing timing;
  std::string virtualhost;
  std::vector<Check> checks;

  // Final values.
  ipvs::DestinationSettings settings;
  bool inhibit = false;
  bool alpha = false;
};

struct SorryServer {
  ipvs::DestinationKey key;
  std::optional<ipvs::Forwarding> forwarding;
  bool inhibit = false;
  ipvs::DestinationSettings settings;  ///< final
  bool operator==(const SorryServer&) const = default;
};

struct VirtualServer {
  config::Place place;
  ipvs::ServiceKey key;
  bool has_protocol = false;
  std::optional<std::string> scheduler;
  std::uint32_t flags = 0;
  std::optional<ipvs::Forwarding> forwarding;
  std::optional<std::uint32_t> persistence_timeout;
  std::optional<std::uint32_t> persistence_prefix;
  std::uint32_t default_weight = 1;
  Timing timing;
  bool inhibit_on_failure = false;
  bool omega = false;
  std::uint32_t quorum = 1, hysteresis = 0;
  ScriptPlace quorum_up, quorum_down;
  std::string virtualhost;
  std::optional<SorryServer> sorry_server;
  std::optional<ipvs::Forwarding> sorry_forwarding;
  bool sorry_inhibit = false;
  std::vector<RealServer> servers;

  ipvs::ServiceSettings settings;  ///< final
};

struct CheckersConfig {
  config::GlobalDefs globals;
  std::vector<VirtualServer> services;
};

/// Reads the virtual_server blocks. What is wrong goes to the reader; a service or server that
/// cannot be used is left out.
CheckersConfig read_checkers(std::span<const config::Statement> tree, config::Reader& reader);
/// Every keyword of the blocks that this process owns.
std::vector<config::KeywordInfo> describe_checkers();

}  // namespace holdfast::checkers
