// What real_server accepts, and the pieces that it shares with virtual_server: addresses and
// forwarding methods.
#include <algorithm>
#include <array>

#include "checkers/config/schema.h"

namespace holdfast::checkers {
namespace {

using config::AnyWord;
using config::field;
using config::part_field;
using config::pending;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using std::string_view_literals::operator""sv;

constexpr std::array forwarding_words{"NAT"sv, "DR"sv, "TUN"sv};
constexpr Range weight_rule{0, 2147483647};
constexpr Range threshold_rule{0, 4294967295.0};

void read_check_block(RealServer& server, const Row<RealServer>&, const Statement& statement,
                      Reader& reader) {
  server.checks.push_back(read_check(statement, reader));
}

constexpr Row<RealServer> check_row(std::string_view keyword, std::string_view meaning,
                                    std::string_view source = "keepalived") {
  return row<RealServer>(keyword, "{ ... }", source, meaning, read_check_block);
}

constexpr std::array real_server_schema{
    field<&RealServer::weight>("weight", weight_rule, "linux/ip_vs.h",
                               "Share of the connections; the service's weight by default."),
    row<RealServer>("lvs_method", method_arguments, "linux/ip_vs.h",
                    "Forwarding method; the service's by default.",
                    read_method<&RealServer::forwarding, &RealServer::tunnel, RealServer>),
    field<&RealServer::upper_threshold>("uthreshold", threshold_rule, "linux/ip_vs.h",
                                        "Most connections; 0: no limit."),
    field<&RealServer::lower_threshold>("lthreshold", threshold_rule, "linux/ip_vs.h",
                                        "Connections below which the server is used again."),
    field<&RealServer::inhibit_on_failure>("inhibit_on_failure", config::Boolean{}, "keepalived",
                                           "A failed server gets weight 0 instead of removal."),
    row<RealServer>("notify_up", script_arguments, "keepalived",
                    "Script that runs when the server comes up.",
                    read_script<&RealServer::notify_up, RealServer>),
    row<RealServer>("notify_down", script_arguments, "keepalived",
                    "Script that runs when the server goes down.",
                    read_script<&RealServer::notify_down, RealServer>),
    part_field<&RealServer::timing, &Timing::alpha>(
        "alpha", config::Boolean{}, "Down until the first success; the service's by default."),
    part_field<&RealServer::timing, &Timing::retry>(
        "retry", retry_rule, "Retries of its checks; the service's by default."),
    of_our_own(part_field<&RealServer::timing, &Timing::fall>(
        "fall", rise_rule,
        "Failures in a row that count, instead of retry; the service's by default.")),
    of_our_own(part_field<&RealServer::timing, &Timing::rise>(
        "rise", rise_rule, "Successes in a row that bring a check up; the service's by default.")),
    part_field<&RealServer::timing, &Timing::delay_before_retry>(
        "delay_before_retry", seconds_rule,
        "Pause of its checks before a retry; the service's by default."),
    part_field<&RealServer::timing, &Timing::warmup>(
        "warmup", seconds_rule,
        "Longest random delay of its first checks; the service's by default."),
    part_field<&RealServer::timing, &Timing::connect_timeout>(
        "connect_timeout", positive_seconds, "Time limit of its checks; the service's by default."),
    part_field<&RealServer::timing, &Timing::delay_loop>(
        "delay_loop", positive_seconds,
        "Time from one of its checks to the next; the service's by default."),
    row<RealServer>("check_path", path_arguments, "Holdfast",
                    "Way of its checks that can go through IPVS and name no connect_ip, "
                    "connect_port or fwmark; the service's by default.",
                    read_check_path<&RealServer::check_path, RealServer>),
    field<&RealServer::virtualhost>("virtualhost", AnyWord{}, "RFC 9110 7.2",
                                    "Host header of its checks; the service's by default."),
    field<&RealServer::smtp_alert>(
        "smtp_alert", config::Boolean{}, "keepalived",
        "Mail when it or one of its checks comes up or goes down; smtp_alert_checker, else yes by "
        "default."),
    pending(field<&RealServer::snmp_name>("snmp_name", AnyWord{}, "keepalived",
                                          "Name that SNMP shows.")),
    check_row("TCP_CHECK", "Check by TCP connection."),
    check_row("PING_CHECK", "Check by ICMP echo."),
    check_row("HTTP_GET", "Check by HTTP request."),
    check_row("SSL_GET", "Check by HTTPS request."),
    check_row("GRPC_CHECK", "Check by the health service of gRPC (grpc.health.v1.Health).",
              "Holdfast"),
    check_row("SMTP_CHECK", "Check by SMTP greeting and HELO."),
    check_row("DNS_CHECK", "Check by DNS query."),
    check_row("UDP_CHECK", "Check by UDP datagram."),
    check_row("MISC_CHECK", "Check by script."),
    check_row("DIALOGUE_CHECK", "Check by lines that are sent and answers that are expected.",
              "Holdfast"),
    check_row("REDIS_CHECK", "Check by PING of Redis.", "Holdfast"),
    check_row("POSTGRESQL_CHECK", "Check by the begin of a PostgreSQL connection.", "Holdfast"),
    check_row("MYSQL_CHECK", "Check by the greeting of MySQL or MariaDB, or a login.", "Holdfast"),
    check_row("LDAP_CHECK", "Check by bind, and search, of LDAP.", "Holdfast"),
    check_row("FILE_CHECK", "Check by the value of a track_file."),
    check_row("AGENT_CHECK", "State and weight by what an agent beside the server says.",
              "Holdfast"),
    pending(check_row("BFD_CHECK", "Check by the state of a bfd_instance.")),
};

/// `type ipip|gue port N|gre` and the checksum words, from the third word on. False: reported.
bool read_tunnel(const Statement& statement, Tunnel& tunnel, Reader& reader) {
  static constexpr std::array types{"ipip"sv, "gue"sv, "gre"sv};
  static constexpr std::array checksums{"nocsum"sv, "csum"sv, "remcsum"sv};
  static constexpr std::array options{"type"sv, "port"sv, "nocsum"sv, "csum"sv, "remcsum"sv};
  for (std::size_t word = 2; word < statement.words.size(); ++word) {
    const std::string_view option = statement.words[word].text;
    // The option as a statement of its own, with its value if one follows.
    const Statement pair = config::part_of(statement, word, 2);
    const auto checksum = std::ranges::find(checksums, option);
    if (option == "type") {
      const auto type = config::read_choice(pair, 1, config::Choice{types}, reader);
      if (!type) return false;
      tunnel.type = static_cast<TunnelType>(*type);
      ++word;
    } else if (option == "port") {
      const auto port = config::read_number(pair, 1, Range{1, 65535}, reader);
      if (!port) return false;
      tunnel.port = static_cast<std::uint16_t>(*port);
      ++word;
    } else if (checksum != checksums.end()) {
      tunnel.checksum = static_cast<TunnelChecksum>(checksum - checksums.begin());
    } else {
      reader.warn(statement.place(word),
                  fmt::format("unknown option '{}' of {}{}", option, statement.keyword(),
                              config::did_you_mean(option, options)));
      return false;
    }
  }
  return true;
}

/// What the kinds of tunnels allow (runtime.md 15). Empty: it can be used.
std::string_view mistake_in(const Tunnel& tunnel, ipvs::Forwarding forwarding) {
  if (forwarding != ipvs::Forwarding::tunnel) return "only TUN has a type, a port or a checksum";
  const bool is_gue = tunnel.type == TunnelType::gue;
  if (is_gue && !tunnel.port) return "type gue needs a port";
  if (!is_gue && tunnel.port) return "only type gue has a port";
  if (tunnel.type == TunnelType::ipip && tunnel.checksum != TunnelChecksum::off)
    return "type ipip has no checksum";
  if (tunnel.type == TunnelType::gre && tunnel.checksum == TunnelChecksum::remote)
    return "type gre has no remcsum";
  return "";
}

}  // namespace

void read_real_server(VirtualServer& service, const Row<VirtualServer>&, const Statement& statement,
                      Reader& reader) {
  const auto key = read_destination(statement, 1, reader);
  if (!key) return;
  RealServer server;
  server.place = statement.place();
  server.key = *key;
  config::read_block<RealServer>(real_server_schema, server, statement.children, "real_server",
                                 reader);
  service.servers.push_back(std::move(server));
}

void describe_real_server(std::vector<config::KeywordInfo>& out) {
  config::describe<RealServer>(real_server_schema, "virtual_server/real_server", out);
}

std::optional<Method> read_forwarding(const Statement& statement, Reader& reader) {
  static constexpr std::array values{ipvs::Forwarding::masquerade, ipvs::Forwarding::direct_route,
                                     ipvs::Forwarding::tunnel};
  const auto index = config::read_choice(config::with_argument(statement, 1), 1,
                                         config::Choice{forwarding_words}, reader);
  if (!index) return std::nullopt;
  Method method{values[*index], {}};
  if (statement.words.size() < 3) return method;
  if (!read_tunnel(statement, method.tunnel, reader)) return std::nullopt;
  if (const auto mistake = mistake_in(method.tunnel, method.forwarding); !mistake.empty()) {
    reader.warn(statement.place(2), fmt::format("'{}': {}", statement.keyword(), mistake));
    return std::nullopt;
  }
  return method;
}

namespace {

/// In a line that begins with another word than the port's own, the message names the port.
std::optional<std::uint16_t> read_port(const Statement& statement, std::size_t word,
                                       Reader& reader) {
  config::Diagnostics quiet;
  Reader trial{quiet};
  if (!config::read_number(statement, word, Range{0, 65535}, trial)) {
    reader.warn(statement.place(word),
                fmt::format("'{}' needs a port number 0..65535, found '{}'; it is left out",
                            statement.keyword(), statement.words[word].text));
    return std::nullopt;
  }
  // Again for what it says of surplus words.
  const auto port = config::read_number(statement, word, Range{0, 65535}, reader);
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

std::optional<ipvs::DestinationKey> read_destination(const Statement& statement, std::size_t word,
                                                     Reader& reader) {
  if (statement.words.size() <= word) {
    reader.error(statement.place(),
                 fmt::format("'{}' needs an address and a port", statement.keyword()));
    return std::nullopt;
  }
  const std::string_view text = statement.words[word].text;
  const auto address = IpAddress::parse(text.substr(0, text.find('/')));
  if (!address) {
    reader.error(
        statement.place(word),
        fmt::format("'{}' needs an IPv4 or IPv6 address, found '{}'", statement.keyword(), text));
    return std::nullopt;
  }
  ipvs::DestinationKey key{*address, 0};
  if (statement.words.size() <= word + 1) return key;
  const auto port = read_port(statement, word + 1, reader);
  if (!port) return std::nullopt;
  key.port = *port;
  return key;
}

}  // namespace holdfast::checkers
