// The checks of a real server as the configuration describes them, one struct a block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "checkers/config/talks.h"
#include "checkers/config/uncompared.h"
#include "daemon/base/ip.h"
#include "daemon/base/time.h"
#include "daemon/config/global_parts.h"
#include "ipvs/table.h"

namespace holdfast::checkers {

/// Timing that checks, servers and services may set; the nearest one counts (runtime.md 16.1).
struct Timing {
  std::optional<std::uint32_t> retry, rise, fall;
  std::optional<Duration> delay_before_retry, warmup, connect_timeout, delay_loop;
  std::optional<bool> alpha;
  bool operator==(const Timing&) const = default;
};

/// The same with every value decided.
struct FinalTiming {
  std::uint32_t retry = 1;  ///< further attempts before a failure counts
  std::uint32_t rise = 1;   ///< successes in a row before one counts
  Duration delay_before_retry = std::chrono::seconds{1};
  Duration warmup = std::chrono::seconds{60};  ///< bound of the random initial delay
  Duration connect_timeout = std::chrono::seconds{5};
  Duration delay_loop = std::chrono::seconds{60};
  bool alpha = false;  ///< down until the first success
  bool operator==(const FinalTiming&) const = default;
};

/// How the packets of a check get to the server.
enum class CheckPath : std::uint8_t { direct, forwarding };

/// The way that the packets of a service take: what has the mark of the check goes through IPVS to
/// this server, whatever the pool says of it.
struct ForwardingPath {
  Family family = Family::ipv4;  ///< of the virtual address
  ipvs::DestinationKey server;   ///< port 0: that of the packet stays
  ipvs::Forwarding forwarding = ipvs::Forwarding::direct_route;
  ipvs::Tunnel tunnel{};
  auto operator<=>(const ForwardingPath&) const = default;
};

/// Where a probe goes and how its socket is set up.
struct Endpoint {
  std::optional<IpAddress> connect_ip;        ///< default: the server
  std::optional<std::uint16_t> connect_port;  ///< default: the server's
  std::optional<IpAddress> bindto;
  std::optional<std::uint16_t> bind_port;
  std::string bind_if;
  std::optional<std::uint32_t> fwmark;
  /// Not set: straight to connect_ip. Otherwise that is a virtual address, and the process chooses
  /// fwmark. Shared by the copies of a check: most have none.
  std::shared_ptr<const ForwardingPath> path{};
  std::optional<IpAddress> source{};  ///< with a path and no bindto, of one probe; not compared
  bool operator==(const Endpoint& other) const;
};

struct TcpCheck {
  bool operator==(const TcpCheck&) const = default;
};
struct PingCheck {
  bool operator==(const PingCheck&) const = default;
};

enum class HttpVersion : std::uint8_t { v1_0, v1_0_close, v1_0_close_lower, v1_1, v2 };

class BodyPattern;

/// A pattern for the body of an answer (PCRE2).
struct BodyRegex {
  std::string pattern;  ///< escapes resolved
  bool must_not_match = false;
  std::vector<std::string> options;               ///< names of PCRE2 compile options
  std::size_t min_offset = 0;                     ///< first byte where a match may start
  std::optional<std::size_t> max_offset;          ///< byte where matching stops; not set: the end
  std::size_t stack_start = 0, stack_max = 0;     ///< JIT stack, bytes; 0: the library's
  std::shared_ptr<const BodyPattern> compiled{};  ///< made of the rest, when there is a pattern

  bool operator==(const BodyRegex& other) const {
    return pattern == other.pattern && must_not_match == other.must_not_match &&
           options == other.options && min_offset == other.min_offset &&
           max_offset == other.max_offset && stack_start == other.stack_start &&
           stack_max == other.stack_max;
  }
};

/// What a JSON document must have at a place.
struct JsonRule {
  std::string pointer;                           ///< RFC 6901
  std::optional<std::string> expected;           ///< `~` begins a pattern; not set: anything
  std::shared_ptr<const BodyPattern> pattern{};  ///< made of `expected`, when it is one
  bool operator==(const JsonRule& other) const {
    return pointer == other.pointer && expected == other.expected;
  }
};

struct HttpUrl {
  std::string path;
  std::string digest;  ///< MD5 of the body, 32 hexadecimal digits in lower case; empty: any
  std::vector<std::pair<std::uint16_t, std::uint16_t>> status;  ///< accepted ranges
  std::string virtualhost;
  BodyRegex regex{};                    ///< pattern empty: any body
  std::optional<bool> tls_compliant{};  ///< SSL_GET; default: the check's
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers{};  ///< as they are sent
  std::string body{};                                          ///< of the request
  std::vector<JsonRule> json{};                                ///< all of them must fit
  bool operator==(const HttpUrl&) const = default;
};

/// HTTP_GET, SSL_GET and GRPC_CHECK, which has no urls.
struct HttpCheck {
  std::vector<HttpUrl> urls;
  std::string virtualhost;  ///< of the check, else server, else service
  HttpVersion version = HttpVersion::v1_0;
  bool fast_recovery = false;
  bool tls = false;            ///< SSL_GET
  bool send_sni = false;       ///< the server name is sent in the TLS handshake
  std::string sni_name;        ///< empty: the host header's
  bool tls_compliant = false;  ///< the close handshake of TLS is completed
  TlsRules tls_rules;
  std::optional<std::string> grpc_service{};  ///< GRPC_CHECK; empty: the server as a whole
  bool operator==(const HttpCheck&) const = default;
};

struct SmtpCheck {
  std::string helo_name = "smtpchecker.keepalived.org";
  bool operator==(const SmtpCheck&) const = default;
};

/// In the order of the words that name them. @source RFC 1035 3.2.2, 3596, 4034
enum class DnsType : std::uint8_t { a, ns, cname, soa, mx, txt, aaaa, rrsig, dnskey };

struct DnsCheck {
  DnsType type = DnsType::soa;
  std::string name = ".";
  bool operator==(const DnsCheck&) const = default;
};

struct UdpCheck {
  std::optional<std::vector<std::uint8_t>> payload;  ///< default: 32 bytes of filler
  bool require_reply = false;                        ///< silence is a failure
  BytePattern reply;                                 ///< how a reply begins; empty: anything
  std::uint16_t min_reply = 0, max_reply = 255;      ///< bytes; for replies with a pattern
  bool operator==(const UdpCheck&) const = default;
};

struct MiscCheck {
  std::optional<config::Place> place;  ///< of misc_path, for process::RunScript; not compared
  std::string command;                 ///< as written
  std::optional<Duration> timeout;     ///< of one run; default: delay_loop
  bool dynamic = false;                ///< exit 2..255 sets the weight to the code minus 2
  std::optional<config::ScriptUser> user;
  bool operator==(const MiscCheck& other) const {
    return command == other.command && timeout == other.timeout && dynamic == other.dynamic &&
           user == other.user;
  }
};

struct FileCheck {
  std::string file;                    ///< name of a track_file
  std::string path;                    ///< final: of that file
  std::optional<std::int32_t> weight;  ///< factor; default, and then filled in: the file's
  bool reverse = false;  ///< the factor is negated; with 0: good and bad change places
  bool operator==(const FileCheck&) const = default;
};

struct BfdCheck {
  std::string name;  ///< of a bfd_instance
  bool operator==(const BfdCheck&) const = default;
};

struct Check {
  Uncompared<config::Place> place;
  std::variant<TcpCheck, PingCheck, HttpCheck, SmtpCheck, DnsCheck, UdpCheck, MiscCheck, FileCheck,
               BfdCheck, TalkCheck>
      probe;
  Endpoint endpoint;
  Timing timing;
  std::optional<bool> log_all_failures;
  std::optional<CheckPath> path;  ///< what it leads to is in `endpoint`
  FinalTiming final_timing;
  bool log_failures = false;  ///< final

  /// What is checked and how, whatever the timing: "TCP_CHECK 10.0.0.2:80 ...". Two checks of one
  /// server with one identity are the same check over a reload.
  [[nodiscard]] std::string identity() const;
  [[nodiscard]] std::string_view keyword() const;
  /// One probe can stand for both.
  [[nodiscard]] bool same_probe(const Check& other) const;
  [[nodiscard]] bool same_effect(const Check& other) const;
  bool operator==(const Check&) const = default;
};

/// AGENT_CHECK, whose verdict is what the agent said: AgentState makes one of it.
inline bool is_agent(const Check& check) {
  const auto* talk = std::get_if<TalkCheck>(&check.probe);
  return talk != nullptr && std::holds_alternative<AgentCheck>(talk->talk);
}

}  // namespace holdfast::checkers
