// What virtual_server accepts: one row a keyword. Its real_server: real_server_schema.cpp.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "checkers/config/address_claims.h"
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
using config::Switch;
using std::string_view_literals::operator""sv;

/// @source keepalived: the schedulers of the kernel
constexpr std::array schedulers{"rr"sv, "wrr"sv, "lc"sv, "wlc"sv, "lblc"sv, "lblcr"sv, "sh"sv,
                                "mh"sv, "dh"sv,  "fo"sv, "ovf"sv, "sed"sv,  "nq"sv,    "twos"sv};
/// @source keywords.tsv: 31 days
constexpr Range persistence_rule{1, 2678400};
constexpr std::uint32_t default_persistence = 360;
constexpr std::string_view scheduler_arguments =
    "rr|wrr|lc|wlc|lblc|lblcr|sh|mh|dh|fo|ovf|sed|nq|twos";

void read_scheduler(VirtualServer& service, const Row<VirtualServer>&, const Statement& statement,
                    Reader& reader) {
  if (const auto index = config::read_choice(statement, 1, config::Choice{schedulers}, reader))
    service.scheduler = schedulers[*index];
}

/// Sets a flag; those of one scheduler wait in a member of their own until the scheduler is known.
template <std::uint32_t Flag, auto Member = &VirtualServer::flags>
void read_flag(VirtualServer& service, const Row<VirtualServer>&, const Statement& statement,
               Reader& reader) {
  config::read_boolean(statement, Switch{}, reader);
  service.*Member |= Flag;
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
  const std::string_view text = statement.words.size() > 1 ? statement.words[1].text : "";
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

void read_family(VirtualServer& service, const Row<VirtualServer>&, const Statement& statement,
                 Reader& reader) {
  static constexpr std::array names{"inet"sv, "inet6"sv};
  if (const auto index = config::read_choice(statement, 1, config::Choice{names}, reader))
    service.ip_family = *index == 0 ? Family::ipv4 : Family::ipv6;
}

constexpr auto sh_flags = &VirtualServer::sh_flags;
constexpr auto mh_flags = &VirtualServer::mh_flags;

constexpr std::array virtual_server_schema{
    row<VirtualServer>("lb_algo", scheduler_arguments, "linux/ip_vs.h",
                       "Scheduler; wlc by default, with a warning.", read_scheduler),
    row<VirtualServer>("lvs_sched", scheduler_arguments, "linux/ip_vs.h",
                       "Other spelling of lb_algo.", read_scheduler),
    row<VirtualServer>(
        "lb_kind", method_arguments, "linux/ip_vs.h",
        "Forwarding method of servers that do not say; NAT by default, with a warning.",
        read_method<&VirtualServer::forwarding, &VirtualServer::tunnel, VirtualServer>),
    row<VirtualServer>(
        "lvs_method", method_arguments, "linux/ip_vs.h", "Other spelling of lb_kind.",
        read_method<&VirtualServer::forwarding, &VirtualServer::tunnel, VirtualServer>),
    row<VirtualServer>("protocol", "TCP|UDP|SCTP", "linux/ip_vs.h",
                       "Transport protocol; UDP by default, with a warning.", read_protocol),
    part_field<&VirtualServer::timing, &Timing::delay_loop>(
        "delay_loop", positive_seconds, "Time from one check to the next; 60 s by default."),
    part_field<&VirtualServer::timing, &Timing::retry>(
        "retry", retry_rule,
        "Retries before a check fails; 1 by default, MISC_CHECK 0, DNS_CHECK 3."),
    of_our_own(part_field<&VirtualServer::timing, &Timing::fall>(
        "fall", rise_rule,
        "Failures in a row, delay_before_retry apart, that count; instead of retry, of which it is "
        "one more.")),
    of_our_own(part_field<&VirtualServer::timing, &Timing::rise>(
        "rise", rise_rule,
        "Successes in a row, delay_loop apart, that bring a check up; 1 by default.")),
    part_field<&VirtualServer::timing, &Timing::delay_before_retry>(
        "delay_before_retry", seconds_rule,
        "Pause before a retry; 1 s by default, HTTP_GET and SSL_GET 3 s, DNS_CHECK delay_loop."),
    part_field<&VirtualServer::timing, &Timing::warmup>(
        "warmup", seconds_rule, "Longest random delay of the first check; delay_loop by default."),
    part_field<&VirtualServer::timing, &Timing::connect_timeout>(
        "connect_timeout", positive_seconds, "Time limit of a connection; 5 s by default."),
    part_field<&VirtualServer::timing, &Timing::alpha>(
        "alpha", config::Boolean{}, "Servers are down until their first success."),
    field<&VirtualServer::omega>("omega", Switch{}, "keepalived",
                                 "Run the down scripts at stop as well."),
    field<&VirtualServer::inhibit_on_failure>("inhibit_on_failure", Switch{}, "keepalived",
                                              "Failed servers get weight 0 instead of removal."),
    field<&VirtualServer::quorum>("quorum", Range{1, 4294967295.0}, "keepalived",
                                  "Weight of alive servers that the service needs."),
    field<&VirtualServer::hysteresis>("hysteresis", Range{0, 4294967295.0}, "keepalived",
                                      "Margin around the quorum, and less than it."),
    of_our_own(field<&VirtualServer::panic_threshold>(
        "panic_threshold", Range{0, 100}, "Holdfast",
        "When less than this percentage of the servers look alive, the checks are distrusted: all "
        "servers that have been alive stay in use, and the quorum counts them. 0, the default: "
        "never.")),
    of_our_own(field<&VirtualServer::max_ejected>(
        "max_ejected", Range{0, 100}, "Holdfast",
        "Percentage of the servers that failing checks take out at once; one always may be. Those "
        "that fail first go, the others stay in use until there is room. 0, the default: all.")),
    of_our_own(field<&VirtualServer::slow_start>(
        "slow_start", Range{0, 86'400, "s"}, "Holdfast",
        "Time in which the weight of a server that comes back grows from 1 to its own, which the "
        "quorum counts at once; 0 by default. Servers that begin up have it at once.")),
    of_our_own(field<&VirtualServer::drain_timeout>(
        "drain_timeout", Range{0, 86'400, "s"}, "Holdfast",
        "How long a server that a reload removes, or that an operator drains, keeps its "
        "connections with weight 0. 0, the default: one that a reload removes goes at once, one "
        "that an operator drains when its last connection ends.")),
    row<VirtualServer>("check_path", path_arguments, "Holdfast",
                       "Way of checks to servers: direct, the default, or forwarding, which is "
                       "through IPVS, as clients get there. For those that can go so and name no "
                       "connect_ip, connect_port or fwmark.",
                       read_check_path<&VirtualServer::check_path, VirtualServer>),
    row<VirtualServer>("quorum_up", script_arguments, "keepalived",
                       "Script that runs when the quorum is reached.",
                       read_script<&VirtualServer::quorum_up, VirtualServer>),
    row<VirtualServer>("quorum_down", script_arguments, "keepalived",
                       "Script that runs when the quorum is lost.",
                       read_script<&VirtualServer::quorum_down, VirtualServer>),
    row<VirtualServer>("persistence_timeout", "[SECONDS (1-2678400)]", "linux/ip_vs.h",
                       "How long a client stays with its server; 360 s when bare.",
                       read_persistence),
    row<VirtualServer>("persistence_granularity", "MASK|PREFIXLEN", "linux/ip_vs.h",
                       "Clients of one prefix share a server; each its own by default.",
                       read_granularity),
    row<VirtualServer>("ops", "", "linux/ip_vs.h", "Schedule every packet by itself (UDP).",
                       read_flag<ipvs::service_flag::one_packet>),
    row<VirtualServer>("hashed", "", "linux/ip_vs.h", "Set by the kernel itself.", read_flag<0>),
    row<VirtualServer>("flag-1", "", "linux/ip_vs.h", "Scheduler flag 1.", read_flag<flag_1>),
    row<VirtualServer>("flag-2", "", "linux/ip_vs.h", "Scheduler flag 2.", read_flag<flag_2>),
    row<VirtualServer>("flag-3", "", "linux/ip_vs.h", "Scheduler flag 3.", read_flag<flag_3>),
    row<VirtualServer>("sh-fallback", "", "linux/ip_vs.h",
                       "Source hashing skips servers of weight 0.", read_flag<flag_1, sh_flags>),
    row<VirtualServer>("sh-port", "", "linux/ip_vs.h", "Source hashing includes the port.",
                       read_flag<flag_2, sh_flags>),
    row<VirtualServer>("mh-fallback", "", "linux/ip_vs.h",
                       "Maglev hashing skips servers of weight 0.", read_flag<flag_1, mh_flags>),
    row<VirtualServer>("mh-port", "", "linux/ip_vs.h", "Maglev hashing includes the port.",
                       read_flag<flag_2, mh_flags>),
    field<&VirtualServer::default_weight>("weight", Range{1, 2147483647}, "linux/ip_vs.h",
                                          "Weight of servers that do not say."),
    field<&VirtualServer::virtualhost>("virtualhost", AnyWord{}, "RFC 9110 7.2",
                                       "Host header of checks that do not say."),
    row<VirtualServer>("sorry_server", "ADDR [PORT]", "keepalived",
                       "Server that is used while the quorum is lost.", read_sorry_server),
    field<&VirtualServer::sorry_inhibit>("sorry_server_inhibit", Switch{}, "keepalived",
                                         "Keep the sorry server with weight 0."),
    row<VirtualServer>(
        "sorry_server_lvs_method", method_arguments, "linux/ip_vs.h",
        "Forwarding method of the sorry server; lvs_method by default.",
        read_method<&VirtualServer::sorry_forwarding, &VirtualServer::sorry_tunnel, VirtualServer>),
    row<VirtualServer>("real_server", "ADDR [PORT] { ... }", "keepalived",
                       "A server; its port is the service's by default.", read_real_server),
    row<VirtualServer>("ip_family", "inet|inet6", "linux/ip_vs.h",
                       "Family of a firewall mark; that of its servers by default.", read_family),
    field<&VirtualServer::persistence_engine>(
        "persistence_engine", AnyWord{}, "linux/ip_vs.h IPVS_SVC_ATTR_PE_NAME",
        "What persistence goes by instead of the client's address, such as sip."),
    field<&VirtualServer::ha_suspend>(
        "ha_suspend", Switch{}, "keepalived",
        "Check only while an address of the service is here; what was found before "
        "counts meanwhile."),
    field<&VirtualServer::smtp_alert>(
        "smtp_alert", config::Boolean{}, "keepalived",
        "Mail when the quorum changes; smtp_alert_checker, else no by default."),
    pending(field<&VirtualServer::snmp_name>("snmp_name", AnyWord{}, "keepalived",
                                             "Name that SNMP shows.")),
};

void read_rows(VirtualServer& service, const Statement& statement, Reader& reader) {
  service.place = statement.place();
  service.servers.reserve(static_cast<std::size_t>(
      std::ranges::count(statement.children, "real_server"sv, &Statement::keyword)));
  config::read_block<VirtualServer>(virtual_server_schema, service, statement.children,
                                    "virtual_server", reader);
}

/// `ADDRESS [PORT]`, `fwmark N` or `group NAME`. False: none of them, which is reported.
bool read_form(VirtualServer& service, const Statement& statement, Reader& reader) {
  const std::string_view form = statement.words.size() > 1 ? statement.words[1].text : "";
  if (form != "fwmark" && form != "group") {
    const auto address = read_destination(statement, 1, reader);
    if (address) service.key = {ipvs::Protocol::tcp, address->address, address->port};
    return address.has_value();
  }
  // The form is the keyword of the value behind it.
  const Statement value = config::part_of(statement, 1, statement.words.size());
  if (form == "fwmark") {
    const auto mark = config::read_number(value, 1, mark_rule, reader);
    if (mark) service.key = ipvs::ServiceKey::of_mark(static_cast<std::uint32_t>(*mark), {});
    return mark.has_value();
  }
  auto name = config::read_word(value, 1, reader);
  if (name) service.group = std::move(*name);
  return !service.group.empty();
}

void read_virtual_server(const Statement& statement, CheckersConfig& config, Reader& reader) {
  VirtualServer service;
  if (!read_form(service, statement, reader)) return;
  read_rows(service, statement, reader);
  if (complete(service, config, reader)) config.services.push_back(std::move(service));
}

void read_groups(std::span<const Statement> tree, CheckersConfig& config, Reader& reader) {
  for (const Statement& statement : tree) {
    if (statement.keyword() == "SSL" && !config::report_missing_block(statement, reader))
      read_tls_identity(config.tls, statement, reader);
    if (statement.keyword() != "virtual_server_group") continue;
    auto group = read_group(statement, reader);
    if (!group) continue;
    if (std::ranges::find(config.groups, group->name, &ServerGroup::name) != config.groups.end())
      reader.warn(group->place,
                  fmt::format("virtual_server_group {} is already defined; this one is left out",
                              group->name));
    else
      config.groups.push_back(std::move(*group));
  }
}

/// Somebody's addresses are left out.
void settle_marked(VirtualServer& service, AddressClaims& claims, Reader& reader) {
  for (const GroupRange& range : std::exchange(service.marked, {})) {
    const auto free = claims.take(service.key.protocol, range);
    if (free != std::vector{range})
      reader.warn(
          service.place,
          fmt::format("virtual_server {}: of {}-{} port {} some addresses are those of "
                      "another virtual_server; they are left out",
                      service.name, range.first.to_string(), range.last.to_string(), range.port));
    service.marked.insert(service.marked.end(), free.begin(), free.end());
  }
  settle_marked_keys(service);
}

bool is_free(const ipvs::ServiceKey& key, AddressClaims& claims,
             std::set<ipvs::ServiceKey>& marks) {
  if (key.fwmark != 0) return marks.insert(key).second;
  return !claims.take(key.protocol, {key.address, key.address, key.port}).empty();
}

/// A key is somebody's already: it is left out, and a service without any with it.
void report_duplicates(CheckersConfig& config, Reader& reader) {
  AddressClaims claims;
  std::set<ipvs::ServiceKey> marks;
  std::erase_if(config.services, [&](VirtualServer& service) {
    if (!service.marked.empty()) {
      settle_marked(service, claims, reader);
      return service.keys.empty();
    }
    std::erase_if(service.keys, [&](const ipvs::ServiceKey& key) {
      if (is_free(key, claims, marks)) return false;
      reader.warn(service.place, fmt::format("virtual_server {} is already defined; this one is "
                                             "left out",
                                             to_string(key)));
      return true;
    });
    return service.keys.empty();
  });
}

/// What is wrong with them is holdfast-vrrp's to report, or FILE_CHECK's that names one.
void read_files(std::span<const Statement> tree, CheckersConfig& config) {
  config::Diagnostics reported_elsewhere;
  Reader quiet{reported_elsewhere};
  for (const Statement& statement : tree) {
    if (!config::is_track_file(statement.keyword()) || statement.words.size() < 2) continue;
    config::TrackFile file;
    file.name = statement.words[1].text;
    config::read_block<config::TrackFile>(config::track_file_schema(), file, statement.children,
                                          "track_file", quiet);
    if (!file.file.empty()) config.files.push_back(std::move(file));
  }
}

/// False: there is no such file, which is reported.
bool settle_file(Check& check, const CheckersConfig& config, Reader& reader) {
  auto* wanted = std::get_if<FileCheck>(&check.probe);
  if (wanted == nullptr) return true;
  const auto file = std::ranges::find(config.files, wanted->file, &config::TrackFile::name);
  if (file == config.files.end()) {
    std::vector<std::string_view> names;
    for (const config::TrackFile& known : config.files) names.emplace_back(known.name);
    reader.error(check.place, fmt::format("FILE_CHECK: there is no track_file {} with a file{}",
                                          wanted->file, config::did_you_mean(wanted->file, names)));
    return false;
  }
  wanted->path = file->file;
  if (wanted->weight) return true;
  wanted->weight = file->weight.value;
  wanted->reverse = file->weight.reverse;
  return true;
}

void settle_files(CheckersConfig& config, Reader& reader) {
  for (VirtualServer& service : config.services)
    for (RealServer& server : service.servers)
      std::erase_if(server.checks,
                    [&](Check& check) { return !settle_file(check, config, reader); });
}

/// The SSL block counts for every check with TLS that does not say otherwise.
void apply_tls_identity(CheckersConfig& config) {
  const auto settle = [&](TlsRules& rules) {
    if (rules.ca_file.empty()) rules.ca_file = config.tls.ca;
    if (rules.certificate.empty() && rules.key.empty()) {
      rules.certificate = config.tls.certificate;
      rules.key = config.tls.key;
      rules.password = config.tls.password;
    }
  };
  for (VirtualServer& service : config.services)
    for (RealServer& server : service.servers)
      for (Check& check : server.checks)
        if (auto* http = std::get_if<HttpCheck>(&check.probe); http != nullptr && http->tls)
          settle(http->tls_rules);
        else if (auto* talk = std::get_if<TalkCheck>(&check.probe))
          settle(talk->tls_rules);
}

}  // namespace

CheckersConfig read_checkers(std::span<const Statement> tree, Reader& reader) {
  CheckersConfig config;
  config::Diagnostics globals_are_reported_by_the_supervisor;
  Reader quiet{globals_are_reported_by_the_supervisor};
  config.globals = config::read_globals(tree, quiet);
  read_groups(tree, config, reader);
  for (const Statement& statement : tree)
    if (statement.keyword() == "virtual_server") read_virtual_server(statement, config, reader);
  report_duplicates(config, reader);
  apply_tls_identity(config);
  read_files(tree, config);
  settle_files(config, reader);
  report_path_conflicts(config, tree, reader);
  return config;
}

std::vector<config::KeywordInfo> describe_checkers() {
  std::vector<config::KeywordInfo> all;
  config::describe<VirtualServer>(virtual_server_schema, "virtual_server", all);
  describe_real_server(all);
  describe_checks(all);
  describe_groups(all);
  return all;
}

}  // namespace holdfast::checkers
