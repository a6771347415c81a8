// What virtual_server and real_server accept: one row a keyword.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "checkers/config/schema.h"

namespace holdfast::checkers {
namespace {

using config::AnyWord;
using config::field;
using config::later;
using config::part_field;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Switch;
using std::string_view_literals::operator""sv;

constexpr std::array forwarding_words{"NAT"sv, "DR"sv, "TUN"sv};
/// @source keepalived: the schedulers of the kernel
constexpr std::array schedulers{"rr"sv, "wrr"sv, "lc"sv, "wlc"sv, "lblc"sv, "lblcr"sv, "sh"sv,
                                "mh"sv, "dh"sv,  "fo"sv, "ovf"sv, "sed"sv,  "nq"sv,    "twos"sv};
constexpr Range weight_rule{0, 2147483647};
constexpr Range threshold_rule{0, 4294967295.0};
/// @source keywords.tsv: 31 days
constexpr Range persistence_rule{1, 2678400};
constexpr std::uint32_t default_persistence = 360;

template <auto Member, typename T>
void read_script(T& target, const Row<T>&, const Statement& statement, Reader& reader) {
  if (statement.words.size() < 2)
    reader.error(statement.place(), fmt::format("'{}' needs a command", statement.keyword()));
  else if (target.*Member)
    reader.warn(statement.place(),
                fmt::format("'{}' is already set; the first one stays", statement.keyword()));
  else
    target.*Member = statement.place();
}

template <auto Member, typename T>
void read_method(T& target, const Row<T>&, const Statement& statement, Reader& reader) {
  if (const auto method = read_forwarding(statement, reader)) target.*Member = *method;
}

// real_server

void read_check_block(RealServer& server, const Row<RealServer>&, const Statement& statement,
                      Reader& reader) {
  if (auto check = read_check(statement, reader)) server.checks.push_back(std::move(*check));
}

constexpr std::array real_server_schema{
    field<&RealServer::weight>("weight", weight_rule, "linux/ip_vs.h", "Scheduling weight."),
    row<RealServer>("lvs_method", "NAT|DR|TUN", "linux/ip_vs.h", "Forwarding method.",
                    read_method<&RealServer::forwarding, RealServer>),
    field<&RealServer::upper_threshold>("uthreshold", threshold_rule, "linux/ip_vs.h",
                                        "Most connections; 0: no limit."),
    field<&RealServer::lower_threshold>("lthreshold", threshold_rule, "linux/ip_vs.h",
                                        "Connections below which the server is used again."),
    field<&RealServer::inhibit_on_failure>("inhibit_on_failure", config::Boolean{}, "keepalived",
                                           "Weight 0 instead of removal."),
    row<RealServer>("notify_up", "\"CMD\" [USER [GROUP]]", "keepalived", "Script when it comes up.",
                    read_script<&RealServer::notify_up, RealServer>),
    row<RealServer>("notify_down", "\"CMD\" [USER [GROUP]]", "keepalived",
                    "Script when it goes down.", read_script<&RealServer::notify_down, RealServer>),
    part_field<&RealServer::timing, &Timing::alpha>("alpha", config::Boolean{},
                                                    "Down until the first success."),
    part_field<&RealServer::timing, &Timing::retry>("retry", retry_rule, "Default for its checks."),
    part_field<&RealServer::timing, &Timing::delay_before_retry>("delay_before_retry", seconds_rule,
                                                                 "Default for its checks."),
    part_field<&RealServer::timing, &Timing::warmup>("warmup", seconds_rule,
                                                     "Default for its checks."),
    part_field<&RealServer::timing, &Timing::connect_timeout>("connect_timeout", positive_seconds,
                                                              "Default for its checks."),
    part_field<&RealServer::timing, &Timing::delay_loop>("delay_loop", positive_seconds,
                                                         "Default for its checks."),
    field<&RealServer::virtualhost>("virtualhost", AnyWord{}, "keepalived", "HTTP host header."),
    row<RealServer>("TCP_CHECK", "{ ... }", "keepalived", "Check by TCP connection.",
                    read_check_block),
    row<RealServer>("PING_CHECK", "{ ... }", "keepalived", "Check by ICMP echo.", read_check_block),
    row<RealServer>("HTTP_GET", "{ ... }", "keepalived", "Check by HTTP request.",
                    read_check_block),
    later<RealServer>("smtp_alert", "[BOOL]", "Mail on changes."),
    later<RealServer>("snmp_name", "STRING", "Label in SNMP."),
    later<RealServer>("MISC_CHECK", "{ ... }", "Check by script."),
    later<RealServer>("SMTP_CHECK", "{ ... }", "Check by SMTP greeting."),
    later<RealServer>("UDP_CHECK", "{ ... }", "Check by UDP datagram."),
    later<RealServer>("SSL_GET", "{ ... }", "Check by HTTPS request."),
    later<RealServer>("DNS_CHECK", "{ ... }", "Check by DNS query."),
    later<RealServer>("FILE_CHECK", "{ ... }", "Check by tracked file."),
    later<RealServer>("BFD_CHECK", "{ ... }", "Check by BFD session."),
};

// virtual_server

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

void read_scheduler(VirtualServer& service, const Row<VirtualServer>&, const Statement& statement,
                    Reader& reader) {
  if (const auto index = config::read_choice(statement, 1, config::Choice{schedulers}, reader))
    service.scheduler = schedulers[*index];
}

template <std::uint32_t Flag>
void read_flag(VirtualServer& service, const Row<VirtualServer>&, const Statement&, Reader&) {
  service.flags |= Flag;
}

void read_protocol(VirtualServer& service, const Row<VirtualServer>&, const Statement& statement,
                   Reader& reader) {
  static constexpr std::array names{"TCP"sv, "UDP"sv, "SCTP"sv};
  static constexpr std::array values{ipvs::Protocol::tcp, ipvs::Protocol::udp,
                                     ipvs::Protocol::sctp};
  if (const auto index = config::read_choice(statement, 1, config::Choice{names}, reader)) {
    service.key.protocol = values[*index];
    service.has_protocol = true;
  }
}

void read_persistence(VirtualServer& service, const Row<VirtualServer>&, const Statement& statement,
                      Reader& reader) {
  if (statement.words.size() < 2) {
    service.persistence_timeout = default_persistence;
  } else if (const auto seconds = config::read_number(statement, 1, persistence_rule, reader)) {
    service.persistence_timeout = static_cast<std::uint32_t>(*seconds);
  }
}

/// A netmask (IPv4) or a prefix length.
void read_granularity(VirtualServer& service, const Row<VirtualServer>&, const Statement& statement,
                      Reader& reader) {
  const std::string text = statement.words.size() > 1 ? statement.words[1].text : "";
  if (const auto mask = IpAddress::parse(text); mask && mask->is_v4()) {
    const std::uint32_t bits = mask->host_order();
    const auto ones = static_cast<std::uint32_t>(__builtin_popcount(bits));
    if (ones > 0 && bits == ~std::uint32_t{0} << (32 - ones)) {
      service.persistence_prefix = ones;
      return;
    }
  } else {
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
    if (error == std::errc{} && end == text.data() + text.size() && prefix >= 1 && prefix <= 128) {
      service.persistence_prefix = prefix;
      return;
    }
  }
  reader.warn(statement.place(1), fmt::format("'persistence_granularity' needs a netmask such as "
                                              "255.255.255.0 or a prefix length, found '{}'",
                                              text));
}

void read_sorry_server(VirtualServer& service, const Row<VirtualServer>&,
                       const Statement& statement, Reader& reader) {
  if (const auto key = read_destination(statement, 1, reader)) {
    service.sorry_server.emplace();
    service.sorry_server->key = *key;
  }
}

constexpr auto flag_1 = ipvs::service_flag::scheduler_1;
constexpr auto flag_2 = ipvs::service_flag::scheduler_2;
constexpr auto flag_3 = ipvs::service_flag::scheduler_3;

constexpr std::array virtual_server_schema{
    row<VirtualServer>("lb_algo", "rr|wrr|lc|wlc|...", "linux/ip_vs.h", "Scheduler.",
                       read_scheduler),
    row<VirtualServer>("lvs_sched", "rr|wrr|lc|wlc|...", "linux/ip_vs.h", "Scheduler.",
                       read_scheduler),
    row<VirtualServer>("lb_kind", "NAT|DR|TUN", "linux/ip_vs.h", "Forwarding method.",
                       read_method<&VirtualServer::forwarding, VirtualServer>),
    row<VirtualServer>("lvs_method", "NAT|DR|TUN", "linux/ip_vs.h", "Forwarding method.",
                       read_method<&VirtualServer::forwarding, VirtualServer>),
    row<VirtualServer>("protocol", "TCP|UDP|SCTP", "linux/ip_vs.h", "Transport protocol.",
                       read_protocol),
    part_field<&VirtualServer::timing, &Timing::delay_loop>("delay_loop", positive_seconds,
                                                            "Time between checks."),
    part_field<&VirtualServer::timing, &Timing::retry>("retry", retry_rule,
                                                       "Retries before a failure."),
    part_field<&VirtualServer::timing, &Timing::delay_before_retry>(
        "delay_before_retry", seconds_rule, "Pause between retries."),
    part_field<&VirtualServer::timing, &Timing::warmup>("warmup", seconds_rule,
                                                        "Bound of the random initial delay."),
    part_field<&VirtualServer::timing, &Timing::connect_timeout>(
        "connect_timeout", positive_seconds, "Time limit of a connection."),
    part_field<&VirtualServer::timing, &Timing::alpha>(
        "alpha", config::Boolean{}, "Servers are down until their first success."),
    field<&VirtualServer::omega>("omega", Switch{}, "keepalived",
                                 "Run the down scripts at stop as well."),
    field<&VirtualServer::inhibit_on_failure>("inhibit_on_failure", Switch{}, "keepalived",
                                              "Failed servers get weight 0 instead of removal."),
    field<&VirtualServer::quorum>("quorum", Range{1, 4294967295.0}, "keepalived",
                                  "Weight of alive servers that the service needs."),
    field<&VirtualServer::hysteresis>("hysteresis", Range{0, 4294967295.0}, "keepalived",
                                      "Margin around the quorum."),
    row<VirtualServer>("quorum_up", "\"CMD\" [USER [GROUP]]", "keepalived", "Script on quorum.",
                       read_script<&VirtualServer::quorum_up, VirtualServer>),
    row<VirtualServer>("quorum_down", "\"CMD\" [USER [GROUP]]", "keepalived",
                       "Script on losing quorum.",
                       read_script<&VirtualServer::quorum_down, VirtualServer>),
    row<VirtualServer>("persistence_timeout", "[SECS]", "linux/ip_vs.h", "Client persistence.",
                       read_persistence),
    row<VirtualServer>("persistence_granularity", "MASK|PREFIXLEN", "linux/ip_vs.h",
                       "Grouping of clients for persistence.", read_granularity),
    row<VirtualServer>("ops", "", "linux/ip_vs.h", "One-packet scheduling (UDP).",
                       read_flag<ipvs::service_flag::one_packet>),
    row<VirtualServer>("hashed", "", "linux/ip_vs.h", "Set by the kernel itself.", read_flag<0>),
    row<VirtualServer>("flag-1", "", "linux/ip_vs.h", "Scheduler flag 1.", read_flag<flag_1>),
    row<VirtualServer>("flag-2", "", "linux/ip_vs.h", "Scheduler flag 2.", read_flag<flag_2>),
    row<VirtualServer>("flag-3", "", "linux/ip_vs.h", "Scheduler flag 3.", read_flag<flag_3>),
    row<VirtualServer>("sh-fallback", "", "linux/ip_vs.h", "Source hash skips weight 0.",
                       read_flag<flag_1>),
    row<VirtualServer>("sh-port", "", "linux/ip_vs.h", "Source hash includes the port.",
                       read_flag<flag_2>),
    row<VirtualServer>("mh-fallback", "", "linux/ip_vs.h", "Maglev hash skips weight 0.",
                       read_flag<flag_1>),
    row<VirtualServer>("mh-port", "", "linux/ip_vs.h", "Maglev hash includes the port.",
                       read_flag<flag_2>),
    field<&VirtualServer::default_weight>("weight", Range{1, 2147483647}, "linux/ip_vs.h",
                                          "Default weight of its servers."),
    field<&VirtualServer::virtualhost>("virtualhost", AnyWord{}, "keepalived",
                                       "Default HTTP host header."),
    row<VirtualServer>("sorry_server", "ADDR [PORT]", "keepalived",
                       "Used while the quorum is lost.", read_sorry_server),
    field<&VirtualServer::sorry_inhibit>("sorry_server_inhibit", Switch{}, "keepalived",
                                         "Keep the sorry server with weight 0."),
    row<VirtualServer>("sorry_server_lvs_method", "NAT|DR|TUN", "linux/ip_vs.h",
                       "Forwarding method of the sorry server.",
                       read_method<&VirtualServer::sorry_forwarding, VirtualServer>),
    row<VirtualServer>("real_server", "ADDR [PORT] { ... }", "keepalived", "A server.",
                       read_real_server),
    later<VirtualServer>("ip_family", "inet|inet6", "Family of a firewall mark service."),
    later<VirtualServer>("persistence_engine", "NAME", "IPVS persistence engine."),
    later<VirtualServer>("ha_suspend", "", "Check only while a virtual address is local."),
    later<VirtualServer>("smtp_alert", "[BOOL]", "Mail on quorum changes."),
    later<VirtualServer>("snmp_name", "STRING", "Label in SNMP."),
};

void read_virtual_server(const Statement& statement, CheckersConfig& config, Reader& reader) {
  if (statement.words.size() > 1)
    for (const std::string_view form : {"fwmark"sv, "group"sv})
      if (statement.words[1].text == form)
        return reader.error(statement.place(1),
                            fmt::format("'virtual_server {}' is not supported yet", form));
  const auto address = read_destination(statement, 1, reader);
  if (!address) return;
  VirtualServer service;
  service.place = statement.place();
  service.key = {ipvs::Protocol::tcp, address->address, address->port};
  config::read_block<VirtualServer>(virtual_server_schema, service, statement.children,
                                    "virtual_server", reader);
  if (complete(service, config.globals, reader)) config.services.push_back(std::move(service));
}

void report_duplicates(CheckersConfig& config, Reader& reader) {
  std::set<ipvs::ServiceKey> seen;
  std::erase_if(config.services, [&](const VirtualServer& service) {
    if (seen.insert(service.key).second) return false;
    reader.warn(service.place,
                fmt::format("virtual_server {} is already defined; this one is left out",
                            to_string(service.key)));
    return true;
  });
}

}  // namespace

std::optional<ipvs::Forwarding> read_forwarding(const Statement& statement, Reader& reader) {
  static constexpr std::array values{ipvs::Forwarding::masquerade, ipvs::Forwarding::direct_route,
                                     ipvs::Forwarding::tunnel};
  if (statement.words.size() > 2) {
    reader.error(statement.place(2),
                 fmt::format("'{}' after the forwarding method is not supported yet",
                             statement.words[2].text));
    return std::nullopt;
  }
  const auto index = config::read_choice(statement, 1, config::Choice{forwarding_words}, reader);
  return index ? std::optional{values[*index]} : std::nullopt;
}

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
  const auto port = config::read_number(statement, word + 1, Range{0, 65535}, reader);
  if (!port) return std::nullopt;
  key.port = static_cast<std::uint16_t>(*port);
  return key;
}

CheckersConfig read_checkers(std::span<const Statement> tree, Reader& reader) {
  CheckersConfig config;
  config::Diagnostics globals_are_reported_by_the_supervisor;
  Reader quiet{globals_are_reported_by_the_supervisor};
  config.globals = config::read_globals(tree, quiet);
  for (const Statement& statement : tree)
    if (statement.keyword() == "virtual_server") read_virtual_server(statement, config, reader);
  report_duplicates(config, reader);
  return config;
}

std::vector<config::KeywordInfo> describe_checkers() {
  std::vector<config::KeywordInfo> all;
  config::describe<VirtualServer>(virtual_server_schema, "virtual_server", all);
  config::describe<RealServer>(real_server_schema, "virtual_server/real_server", all);
  describe_checks(all);
  return all;
}

}  // namespace holdfast::checkers
