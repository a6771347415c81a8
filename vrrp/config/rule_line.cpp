// One line of virtual_rules or static_rules.
#include <algorithm>
#include <array>

#include "vrrp/config/line_option.h"
#include "vrrp/config/route.h"
#include "vrrp/config/route_names.h"

namespace holdfast::vrrp {
namespace {

using config::field;
using config::pending;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Switch;

constexpr std::uint32_t any_number = 0xFFFF'FFFF;
constexpr std::uint32_t one_byte = 255;
constexpr Range unsigned32{0, 4'294'967'295.0};

using Option = LineOption<PolicyRule>;
using Read = void (*)(PolicyRule&, const Row<PolicyRule>&, const Statement&, Reader&);

constexpr Row<PolicyRule> line_row(std::string_view keyword, std::string_view arguments,
                                   std::string_view meaning, Read read) {
  return row<PolicyRule>(keyword, arguments, "keepalived", meaning, read);
}

template <std::optional<Prefix> PolicyRule::* Member>
void read_prefix(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option,
                 Reader& reader) {
  const auto text = config::read_word(option, 1, reader);
  if (!text || *text == "all" || *text == "any" || *text == "default") return;
  rule.*Member = parse_prefix(*text);
  if (!(rule.*Member))
    reader.warn(option.place(1),
                fmt::format("'{}' is neither a prefix such as 192.0.2.0/24 nor 'all'", *text));
}

void read_table(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option, Reader& reader) {
  if (const auto table = read_id(option, 1, table_names, any_number, reader)) rule.table = table;
}
void read_tos(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option, Reader& reader) {
  if (const auto tos = read_id(option, 1, {}, one_byte, reader)) rule.tos = *tos;
}
void read_rule_realms(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option,
                      Reader& reader) {
  rule.realms = read_realms(option, reader);
}
void read_suppress_group(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option,
                         Reader& reader) {
  rule.suppress_group = read_id(option, 1, {}, any_number, reader);
}
void read_protocol(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option,
                   Reader& reader) {
  if (const auto id = read_id(option, 1, protocol_names, one_byte, reader)) rule.protocol = *id;
}
void read_ip_protocol(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option,
                      Reader& reader) {
  rule.ip_protocol = read_id(option, 1, ip_protocol_names, one_byte, reader);
}
void read_tunnel_id(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option,
                    Reader& reader) {
  rule.tunnel_id = read_c_number(option, 1, ~std::uint64_t{0}, reader);
}

/// `N[/MASK]`, each in C notation.
void read_fwmark(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option,
                 Reader& reader) {
  const auto text = config::read_word(option, 1, reader);
  if (!text) return;
  const std::size_t slash = text->find('/');
  const auto mark = c_number(text->substr(0, slash));
  const auto mask = slash == std::string::npos ? std::optional{std::uint64_t{any_number}}
                                               : c_number(text->substr(slash + 1));
  if (!mark || !mask || *mark > any_number || *mask > any_number) {
    reader.warn(option.place(1),
                fmt::format("'fwmark' needs MARK or MARK/MASK, found '{}'", *text));
    return;
  }
  rule.fwmark = static_cast<std::uint32_t>(*mark);
  if (slash != std::string::npos) rule.fwmark_mask = static_cast<std::uint32_t>(*mask);
}

/// `LOW-HIGH`. A single number is refused, as by keepalived.
template <std::optional<Range32> PolicyRule::* Member, std::uint32_t Most>
void read_range(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option, Reader& reader) {
  const auto text = config::read_word(option, 1, reader);
  if (!text) return;
  const std::size_t dash = text->find('-');
  const auto low = c_number(text->substr(0, dash));
  const auto high = dash == std::string::npos ? std::nullopt : c_number(text->substr(dash + 1));
  if (low && high && *low <= *high && *high <= Most) {
    rule.*Member = Range32{static_cast<std::uint32_t>(*low), static_cast<std::uint32_t>(*high)};
    return;
  }
  const std::string meant =
      low && dash == std::string::npos ? fmt::format(" (did you mean '{0}-{0}'?)", *text) : "";
  reader.warn(option.place(1), fmt::format("'{}' needs LOW-HIGH within 0..{}, found '{}'{}",
                                           option.keyword(), Most, *text, meant));
}

template <std::string PolicyRule::* Member>
void read_interface_of(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option,
                       Reader& reader) {
  if (auto name = read_interface(option, 1, reader)) rule.*Member = std::move(*name);
}

void read_goto(PolicyRule& rule, const Row<PolicyRule>&, const Statement& option, Reader& reader) {
  if (const auto priority = read_c_number(option, 1, any_number, reader)) {
    rule.action = RuleAction::go_to;
    rule.goto_priority = static_cast<std::uint32_t>(*priority);
  }
}

template <RuleAction Action>
void read_action(PolicyRule& rule, const Row<PolicyRule>&, const Statement&, Reader&) {
  rule.action = Action;
}

constexpr std::array options{
    Option{line_row("inet", "", "The rule is IPv4.", read_family<PolicyRule>), one_word},
    Option{line_row("inet6", "", "The rule is IPv6.", read_family<PolicyRule>), one_word},
    Option{line_row("from", "PREFIX|all", "Sources it selects.", read_prefix<&PolicyRule::from>)},
    Option{line_row("to", "PREFIX|all", "Destinations it selects.", read_prefix<&PolicyRule::to>)},
    Option{line_row("table", "N|NAME", "Table that is asked.", read_table)},
    Option{line_row("lookup", "N|NAME", "Other spelling of table.", read_table)},
    Option{field<&PolicyRule::invert>("not", Switch{}, "keepalived",
                                      "Selects what the rest does not.")},
    Option{field<&PolicyRule::priority>(
        "preference", unsigned32, "keepalived",
        "Place among rules, the least first; assigned downwards by default.")},
    Option{field<&PolicyRule::priority>("order", unsigned32, "keepalived",
                                        "Other spelling of preference.")},
    Option{field<&PolicyRule::priority>("priority", unsigned32, "keepalived",
                                        "Other spelling of preference.")},
    Option{line_row("tos", "N|NAME", "Type of service it selects.", read_tos)},
    Option{line_row("dsfield", "N|NAME", "Other spelling of tos.", read_tos)},
    Option{line_row("fwmark", "N[/MASK]", "Firewall marks it selects.", read_fwmark)},
    Option{line_row("realms", "[SRC/]DST", "Realms of what it selects.", read_rule_realms)},
    Option{field<&PolicyRule::suppress_prefix_length>(
        "suppress_prefixlength", Range{0, 128}, "keepalived",
        "Passes over routes whose prefix is no longer than this.")},
    Option{field<&PolicyRule::suppress_prefix_length>("sup_pl", Range{0, 128}, "keepalived",
                                                      "Short spelling of suppress_prefixlength.")},
    Option{line_row("suppress_ifgroup", "N|NAME", "Passes over routes through this group.",
                    read_suppress_group)},
    Option{line_row("sup_group", "N|NAME", "Short spelling of suppress_ifgroup.",
                    read_suppress_group)},
    Option{line_row("dev", "IF", "Other spelling of iif.", read_interface_of<&PolicyRule::input>)},
    Option{line_row("iif", "IF", "Interface that packets came in by.",
                    read_interface_of<&PolicyRule::input>)},
    Option{line_row("oif", "IF", "Interface of the socket that sends.",
                    read_interface_of<&PolicyRule::output>)},
    Option{line_row("tunnel-id", "N", "Tunnel id it selects.", read_tunnel_id)},
    Option{line_row("uidrange", "LOW-HIGH", "Users it selects.",
                    read_range<&PolicyRule::uids, any_number>)},
    Option{field<&PolicyRule::l3mdev>("l3mdev", Switch{}, "keepalived",
                                      "Asks the table of the packet's VRF.")},
    Option{line_row("protocol", "N|NAME", "Who made the rule; keepalived (18) by default.",
                    read_protocol)},
    Option{line_row("ipproto", "N|NAME", "IP protocol it selects.", read_ip_protocol)},
    Option{line_row("sport", "LOW-HIGH", "Source ports it selects.",
                    read_range<&PolicyRule::source_ports, 65'535>)},
    Option{line_row("dport", "LOW-HIGH", "Destination ports it selects.",
                    read_range<&PolicyRule::destination_ports, 65'535>)},
    Option{line_row("goto", "PRIORITY", "Goes on with the rule of this preference.", read_goto)},
    Option{line_row("nop", "", "Does nothing.", read_action<RuleAction::nop>), one_word},
    Option{line_row("blackhole", "", "Drops in silence.", read_action<RuleAction::blackhole>),
           one_word},
    Option{line_row("unreachable", "", "Answers that there is no way.",
                    read_action<RuleAction::unreachable>),
           one_word},
    Option{line_row("prohibit", "", "Answers that it is forbidden.",
                    read_action<RuleAction::prohibit>),
           one_word},
    Option{field<&PolicyRule::no_track>("no_track", Switch{}, "keepalived",
                                        "Do nothing when others remove it.")},
    Option{field<&PolicyRule::track_group>(
        "track_group", config::AnyWord{}, "keepalived",
        "Static rules: a track_group whose instances are in FAULT while iif or oif of the rule is "
        "down. One that another program removes is put back.")},
};

/// `type` may stand before an action.
std::size_t read_type_word(PolicyRule&, const Statement& line, std::size_t word, Reader& reader) {
  if (line.words[word].text != "type") return 0;
  if (word + 1 == line.words.size())
    reader.error(part_of(line, word, 1).end(), "'type' needs an action, and nothing follows it");
  return 1;
}

/// keepalived: a rule without any of these is not one.
bool does_something(const PolicyRule& rule) {
  return rule.table || rule.l3mdev || rule.action != RuleAction::table;
}

}  // namespace

std::optional<PolicyRule> read_rule_line(const Statement& line, LineUse use, Reader& reader) {
  PolicyRule rule;
  read_options(LineKind<PolicyRule>{"a rule", options, Unbuilt::option, read_type_word}, rule, line,
               0, reader);
  check_track_group(rule.track_group, use, line, reader);
  if (!does_something(rule)) {
    reader.warn(line.place(), "a rule needs 'table' or an action; the line is skipped");
    return std::nullopt;
  }
  if (rule.from && rule.to && rule.from->address.family() != rule.to->address.family()) {
    reader.warn(line.place(), "'from' and 'to' are of different families; the line is skipped");
    return std::nullopt;
  }
  return rule;
}

void describe_rule_line(std::vector<config::KeywordInfo>& out) {
  describe_options<PolicyRule>(options, "<rule line>", out);
}

}  // namespace holdfast::vrrp
