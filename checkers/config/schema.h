// Pieces that the schema files share.
#pragma once

#include <array>

#include "checkers/config/config.h"

namespace holdfast::checkers {

/// Reads one of the check blocks, TCP_CHECK to BFD_CHECK.
Check read_check(const config::Statement& block, config::Reader& reader);
void describe_checks(std::vector<config::KeywordInfo>& out);
/// What the check cannot do without, reported. False: it cannot be used.
bool has_required(const Check& check, config::Reader& reader);

/// HTTP_GET, SSL_GET and GRPC_CHECK: http_schema.cpp.
void read_http_check(Check& check, const config::Statement& block, config::Reader& reader);
void describe_http(std::vector<config::KeywordInfo>& out);
/// A url block: url_schema.cpp. @param tls of SSL_GET
HttpUrl read_http_url(const config::Statement& block, bool tls, config::Reader& reader);
void describe_http_url(std::string_view block, bool tls, std::vector<config::KeywordInfo>& out);
/// Bytes in hexadecimal digits, all words after the keyword; with x for any digit where
/// `wildcards`. Nothing: reported.
std::optional<BytePattern> read_hex(const config::Statement& statement, bool wildcards,
                                    config::Reader& reader);
/// SMTP_CHECK, DNS_CHECK, UDP_CHECK, MISC_CHECK, FILE_CHECK and BFD_CHECK: plain_checks.cpp.
void read_plain_check(Check& check, const config::Statement& block, config::Reader& reader);
void describe_plain_checks(std::vector<config::KeywordInfo>& out);
/// DIALOGUE_CHECK and the ready ones: talk_schema.cpp. False: the block is none of them.
bool read_talk_check(Check& check, const config::Statement& block, config::Reader& reader);
/// What such a check cannot do without; empty: nothing is missing.
std::string_view missing_in(const TalkCheck& check);
void describe_talks(std::vector<config::KeywordInfo>& out);
/// real_server: real_server_schema.cpp.
void read_real_server(VirtualServer& service, const config::Row<VirtualServer>&,
                      const config::Statement& statement, config::Reader& reader);
void describe_real_server(std::vector<config::KeywordInfo>& out);
/// virtual_server_group and SSL: group_schema.cpp.
std::optional<ServerGroup> read_group(const config::Statement& statement, config::Reader& reader);
void read_tls_identity(TlsIdentity& tls, const config::Statement& block, config::Reader& reader);
void describe_groups(std::vector<config::KeywordInfo>& out);

/// Describes the rows of a block that is not supported yet as a whole.
template <typename T>
void describe_unbuilt(std::span<const config::Row<T>> rows, std::string_view block,
                      std::vector<config::KeywordInfo>& out) {
  const std::size_t before = out.size();
  config::describe<T>(rows, block, out);
  for (std::size_t i = before; i < out.size(); ++i) out[i].supported = false;
}

/// `lb_kind` and its relatives: `NAT|DR|TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]`.
std::optional<Method> read_forwarding(const config::Statement& statement, config::Reader& reader);
/// ADDRESS [PORT] at `word`; port 0 when missing.
std::optional<ipvs::DestinationKey> read_destination(const config::Statement& statement,
                                                     std::size_t word, config::Reader& reader);
/// Defaults, inheritance and the rules of a whole service. False: it cannot be used.
bool complete(VirtualServer& service, const CheckersConfig& config, config::Reader& reader);
/// Name and keys: service_keys.cpp. False: it has none, which is reported.
bool settle_keys(VirtualServer& service, const CheckersConfig& config, config::Reader& reader);
/// The keys of a service with `marked`, from it.
void settle_marked_keys(VirtualServer& service);
/// What check_path means for a check whose server is complete: check_path.cpp. A check that cannot
/// go this way and has to is reported.
void settle_path(Check& check, const RealServer& server, const VirtualServer& service,
                 config::Reader& reader);
/// What stands in the way of all checks with a path.
void report_path_conflicts(const CheckersConfig& config, std::span<const config::Statement> tree,
                           config::Reader& reader);

/// @source runtime.md 16.1 and keywords.tsv
inline constexpr config::Range seconds_rule{0, 4'294, "s"};
inline constexpr config::Range positive_seconds{0.000001, 4'294, "s"};
inline constexpr config::Range retry_rule{0, 1'000'000};
inline constexpr config::Range rise_rule{1, 1'000'000};
inline constexpr config::Range mark_rule{1, 4294967295.0};

inline constexpr std::string_view method_arguments =
    "NAT|DR|TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]";
inline constexpr std::string_view script_arguments = "\"CMD [ARGS]\" [USER [[:]GROUP]]";

/// A keyword that keepalived does not have.
template <typename T>
constexpr config::Row<T> of_our_own(config::Row<T> row) {
  row.source = "Holdfast";
  return row;
}

/// The place of a script keyword; the first of several stays.
template <auto Member, typename T>
void read_script(T& target, const config::Row<T>&, const config::Statement& statement,
                 config::Reader& reader) {
  if (statement.words.size() < 2)
    reader.error(statement.place(), fmt::format("'{}' needs a command", statement.keyword()));
  else if (target.*Member)
    reader.warn(statement.place(),
                fmt::format("'{}' is already set; the first one stays", statement.keyword()));
  else
    target.*Member = statement.place();
}

template <auto Member, auto TunnelMember, typename T>
void read_method(T& target, const config::Row<T>&, const config::Statement& statement,
                 config::Reader& reader) {
  if (const auto method = read_forwarding(statement, reader)) {
    target.*Member = method->forwarding;
    target.*TunnelMember = method->tunnel;
  }
}

template <auto Member, typename T>
void read_check_path(T& target, const config::Row<T>&, const config::Statement& statement,
                     config::Reader& reader) {
  static constexpr std::array<std::string_view, 2> words{"direct", "forwarding"};
  if (const auto index = config::read_choice(statement, 1, config::Choice{words}, reader))
    target.*Member = static_cast<CheckPath>(*index);
}
inline constexpr std::string_view path_arguments = "direct|forwarding";

/// The rows that every check has.
inline constexpr std::array timing_rows{
    config::part_field<&Check::timing, &Timing::retry>(
        "retry", retry_rule, "Failures in a row that are forgiven before the check fails."),
    of_our_own(config::part_field<&Check::timing, &Timing::fall>(
        "fall", rise_rule,
        "Failures in a row, delay_before_retry apart, that count; instead of retry, of which it is "
        "one more. The first result ever counts at once.")),
    of_our_own(config::part_field<&Check::timing, &Timing::rise>(
        "rise", rise_rule,
        "Successes in a row, delay_loop apart, that bring a check which is down, by alpha too, up; "
        "1 by default.")),
    config::part_field<&Check::timing, &Timing::delay_before_retry>(
        "delay_before_retry", seconds_rule, "Pause before a failed check is repeated."),
    config::part_field<&Check::timing, &Timing::warmup>(
        "warmup", seconds_rule, "Longest random delay of the first check; 0: none."),
    config::part_field<&Check::timing, &Timing::delay_loop>("delay_loop", positive_seconds,
                                                            "Time from one check to the next."),
    config::part_field<&Check::timing, &Timing::alpha>("alpha", config::Boolean{},
                                                       "Down until the first success."),
    config::field<&Check::log_all_failures>(
        "log_all_failures", config::Boolean{}, "keepalived",
        "Log every failure; checker_log_all_failures by default."),
};

/// Those of checks that use a socket.
inline constexpr std::array socket_rows{
    config::part_field<&Check::endpoint, &Endpoint::connect_ip>(
        "connect_ip", config::Address{}, "Address that is checked; the server's by default."),
    config::part_field<&Check::endpoint, &Endpoint::connect_port>(
        "connect_port", config::Range{1, 65535}, "Port that is checked; the server's by default."),
    config::part_field<&Check::endpoint, &Endpoint::bindto>("bindto", config::Address{},
                                                            "Local address of the probe."),
    config::part_field<&Check::endpoint, &Endpoint::bind_port>("bind_port", config::Range{1, 65535},
                                                               "Local port of the probe."),
    config::part_field<&Check::endpoint, &Endpoint::bind_if>("bind_if", config::AnyWord{},
                                                             "Local device of the probe."),
    config::part_field<&Check::endpoint, &Endpoint::fwmark>(
        "fwmark", config::Range{0, 4294967295.0}, "Firewall mark of the probe's packets."),
    config::part_field<&Check::timing, &Timing::connect_timeout>(
        "connect_timeout", positive_seconds, "Time limit of the probe."),
    config::row<Check>(
        "check_path", path_arguments, "Holdfast",
        "forwarding: through IPVS to this server, as clients get there, so that one without the "
        "virtual address, or behind a broken tunnel, fails; connect_ip and connect_port are then "
        "the virtual ones, by default the service's. That of real_server by default.",
        read_check_path<&Check::path, Check>),
};

template <std::size_t A, std::size_t B>
constexpr std::array<config::Row<Check>, A + B> joined(const std::array<config::Row<Check>, A>& a,
                                                       const std::array<config::Row<Check>, B>& b) {
  std::array<config::Row<Check>, A + B> all;
  std::copy(a.begin(), a.end(), all.begin());
  std::copy(b.begin(), b.end(), all.begin() + A);
  return all;
}
inline constexpr auto endpoint_rows = joined(socket_rows, timing_rows);

}  // namespace holdfast::checkers
