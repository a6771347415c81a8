// SMTP_CHECK, DNS_CHECK, UDP_CHECK, MISC_CHECK, FILE_CHECK and BFD_CHECK. Nothing performs the last
// one yet: its block is read and checked, and real_server_schema.cpp marks them as pending.
#include <algorithm>
#include <array>
#include <limits>

#include "checkers/config/schema.h"

namespace holdfast::checkers {
namespace {

using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using std::string_view_literals::operator""sv;

constexpr Range length_rule{0, 65535};
constexpr double most_weight = std::numeric_limits<std::int32_t>::max();

template <typename Probe>
Probe& probe(Check& check) {
  return std::get<Probe>(check.probe);
}

// SMTP_CHECK

void read_helo(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (auto name = config::read_word(statement, 1, reader))
    probe<SmtpCheck>(check).helo_name = std::move(*name);
}

/// The target in a block of its own, as old files have it; it overrides what stands around it.
void read_host(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  reader.note(statement.place(), "'host' is deprecated: its lines can stand in SMTP_CHECK itself");
  config::read_block<Check>(endpoint_rows, check, statement.children, "host", reader);
}

constexpr auto smtp_schema = joined(
    endpoint_rows,
    std::array{row<Check>("helo_name", "NAME", "RFC 5321 4.1.1.1",
                          "How the check introduces itself; smtpchecker.keepalived.org by default.",
                          read_helo),
               row<Check>("host", "{ connect_ip ADDRESS ... }", "keepalived, deprecated",
                          "The target in a block of its own.", read_host)});

// DNS_CHECK

void read_type(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  static constexpr std::array types{"A"sv,   "NS"sv,   "CNAME"sv, "SOA"sv,   "MX"sv,
                                    "TXT"sv, "AAAA"sv, "RRSIG"sv, "DNSKEY"sv};
  if (const auto type = config::read_choice(statement, 1, config::Choice{types}, reader))
    probe<DnsCheck>(check).type = static_cast<DnsType>(*type);
}

/// @source RFC 1035 2.3.4: labels of 1..63 octets, 255 octets in all with their lengths
bool is_domain(std::string_view name) {
  constexpr std::size_t longest_label = 63;
  constexpr std::size_t longest_name = 253;
  if (name == ".") return true;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > longest_name) return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (end == begin || end - begin > longest_label) return false;
    begin = end + 1;
  }
  return true;
}

void read_domain(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  auto name = config::read_word(statement, 1, reader);
  if (!name) return;
  if (is_domain(*name))
    probe<DnsCheck>(check).name = std::move(*name);
  else
    reader.warn(statement.place(1),
                fmt::format("'name' needs a domain name with labels of 1..63 characters, found "
                            "'{}'; the default stays",
                            *name));
}

constexpr auto dns_schema =
    joined(endpoint_rows,
           std::array{row<Check>("type", "A|NS|CNAME|SOA|MX|TXT|AAAA|RRSIG|DNSKEY",
                                 "RFC 1035 3.2.2", "Type of the query; SOA by default.", read_type),
                      row<Check>("name", "DOMAIN", "RFC 1035 2.3.1",
                                 "Name in the query; the root by default.", read_domain)});

// UDP_CHECK

int nibble(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/// Pairs of hexadecimal digits, blanks between bytes as one likes; a single digit before a blank is
/// a byte. With `wildcards`, an x stands for any digit. Nothing: another character.
std::optional<BytePattern> parse_hex(std::string_view text, bool wildcards) {
  BytePattern pattern;
  bool in_byte = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t') {
      in_byte = false;
      continue;
    }
    const bool is_wild = wildcards && (c == 'x' || c == 'X');
    const int value = is_wild ? 0 : nibble(c);
    if (value < 0) return std::nullopt;
    if (!in_byte) {
      pattern.value.push_back(0);
      pattern.mask.push_back(0);
    }
    std::uint8_t& byte = pattern.value.back();
    byte = static_cast<std::uint8_t>(byte << 4U | static_cast<unsigned>(value));
    // The upper digit of a byte with one digit is 0, and counts unless the digit is an x.
    std::uint8_t& mask = pattern.mask.back();
    mask = static_cast<std::uint8_t>((in_byte   ? mask << 4U
                                      : is_wild ? 0U
                                                : 0xf0U) |
                                     (is_wild ? 0U : 0x0fU));
    in_byte = !in_byte;
  }
  return pattern;
}

void read_payload(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (statement.words.size() < 2)
    return reader.error(statement.end(), "'payload' needs bytes, and nothing follows it");
  if (auto bytes = read_hex(statement, false, reader))
    probe<UdpCheck>(check).payload = std::move(bytes->value);
}

void read_reply(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  probe<UdpCheck>(check).require_reply = true;
  if (statement.words.size() < 2) return;
  if (auto pattern = read_hex(statement, true, reader))
    probe<UdpCheck>(check).reply = std::move(*pattern);
}

template <std::uint16_t UdpCheck::* Member>
void read_length(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (const auto length = config::read_number(statement, 1, length_rule, reader))
    probe<UdpCheck>(check).*Member = static_cast<std::uint16_t>(*length);
}

constexpr auto udp_schema = joined(
    endpoint_rows,
    std::array{row<Check>("payload", "HEX", "keepalived",
                          "Bytes to send; 32 bytes of filler by default.", read_payload),
               row<Check>("require_reply", "[HEX with x for any digit]", "keepalived",
                          "Silence is a failure, and so is a reply that differs.", read_reply),
               row<Check>("min_reply_length", "0-65535", "keepalived",
                          "Shortest reply, where its bytes are compared; 0 by default.",
                          read_length<&UdpCheck::min_reply>),
               row<Check>("max_reply_length", "0-65535", "keepalived",
                          "Longest reply, where its bytes are compared; 255 by default.",
                          read_length<&UdpCheck::max_reply>)});

// MISC_CHECK

/// Of checks that are no conversation with the server.
void refuse_check_path(Check& check, const Row<Check>&, const Statement& statement,
                       Reader& reader) {
  reader.error(statement.place(),
               fmt::format("'check_path' is not for {}: {}", check.keyword(),
                           std::holds_alternative<MiscCheck>(check.probe)
                               ? "the way of its packets is the script's own affair"
                               : "it sends nothing to the server"));
}
constexpr std::array no_path_rows{
    row<Check>("check_path", path_arguments, "Holdfast",
               "An error: this check sends nothing to the server by itself.", refuse_check_path),
};

void read_path(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  MiscCheck& misc = probe<MiscCheck>(check);
  if (statement.words.size() < 2)
    return reader.error(statement.place(), "'misc_path' needs a command");
  if (misc.place)
    return reader.warn(statement.place(), "'misc_path' is already set; the first one stays");
  misc.place = statement.place();
  misc.command = statement.words[1].text;
  for (std::size_t word = 2; word < statement.words.size(); ++word)
    misc.command.append(" ").append(statement.words[word].text);
}

void read_timeout(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (const auto timeout = config::read_seconds(statement, 1, positive_seconds, reader))
    probe<MiscCheck>(check).timeout = *timeout;
}

void read_dynamic(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (const auto dynamic = config::read_boolean(statement, config::Switch{}, reader))
    probe<MiscCheck>(check).dynamic = *dynamic;
}

void read_user(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (statement.words.size() < 2)
    return reader.error(statement.end(), "'user' needs a user, and nothing follows it");
  probe<MiscCheck>(check).user = config::make_script_user(
      statement.words[1].text, statement.words.size() > 2 ? statement.words[2].text : "");
}

constexpr auto misc_schema = joined(
    joined(timing_rows, no_path_rows),
    std::array{row<Check>("misc_path", "\"CMD [ARGS]\"", "keepalived",
                          "Script whose exit status decides: 0 is a success.", read_path),
               row<Check>("misc_timeout", "SECONDS (0-4294)", "keepalived",
                          "Time limit of one run; delay_loop by default.", read_timeout),
               row<Check>("misc_dynamic", "", "keepalived",
                          "Exit status 2..255 sets the weight to itself minus 2.", read_dynamic),
               row<Check>("user", "USER [[:]GROUP]", "keepalived",
                          "Who runs the script; script_user by default.", read_user)});

// FILE_CHECK and BFD_CHECK

void read_file(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (auto name = config::read_word(statement, 1, reader))
    probe<FileCheck>(check).file = std::move(*name);
}

void read_weight(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  static constexpr std::array words{"noreverse"sv, "reverse"sv};
  const auto weight = config::read_number(config::with_argument(statement, 1), 1,
                                          Range{-most_weight, most_weight}, reader);
  if (!weight) return;
  FileCheck& file = probe<FileCheck>(check);
  file.weight = static_cast<std::int32_t>(*weight);
  if (statement.words.size() < 3) return;
  if (const auto reverse = config::read_choice(statement, 2, config::Choice{words}, reader))
    file.reverse = *reverse == 1;
}

constexpr auto file_schema = joined(
    no_path_rows,
    std::array{
        row<Check>("track_file", "NAME", "keepalived", "The track_file whose value counts.",
                   read_file),
        row<Check>("weight", "-2147483647-2147483647 [reverse|noreverse]", "keepalived",
                   "Factor of the file's value; 0: any other value than 0 is down.", read_weight),
    });

void read_bfd_name(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (auto name = config::read_word(statement, 1, reader))
    probe<BfdCheck>(check).name = std::move(*name);
}

constexpr std::array bfd_schema{
    row<Check>("name", "BFD", "keepalived", "The bfd_instance whose state counts.", read_bfd_name),
    config::part_field<&Check::timing, &Timing::alpha>("alpha", config::Boolean{},
                                                       "Down until the session is up."),
};

struct BlockOfCheck {
  std::string_view keyword;
  decltype(Check::probe) probe;
  std::span<const Row<Check>> rows;
  bool is_performed = true;
};

std::array<BlockOfCheck, 6> blocks() {
  return {BlockOfCheck{"SMTP_CHECK", SmtpCheck{}, smtp_schema},
          BlockOfCheck{"DNS_CHECK", DnsCheck{}, dns_schema},
          BlockOfCheck{"UDP_CHECK", UdpCheck{}, udp_schema},
          BlockOfCheck{"MISC_CHECK", MiscCheck{}, misc_schema},
          BlockOfCheck{"FILE_CHECK", FileCheck{}, file_schema},
          BlockOfCheck{"BFD_CHECK", BfdCheck{}, bfd_schema, false}};
}

}  // namespace

std::optional<BytePattern> read_hex(const Statement& statement, bool wildcards, Reader& reader) {
  std::string text;
  for (std::size_t word = 1; word < statement.words.size(); ++word)
    text.append(statement.words[word].text).append(" ");
  auto pattern = parse_hex(text, wildcards);
  if (pattern && !pattern->value.empty()) return pattern;
  reader.warn(statement.place(1),
              fmt::format("'{}' needs bytes as hexadecimal digits{}, found '{}'",
                          statement.keyword(), wildcards ? " with x for any digit" : "",
                          text.substr(0, text.size() - (text.empty() ? 0 : 1))));
  return std::nullopt;
}

void read_plain_check(Check& check, const Statement& block, Reader& reader) {
  for (BlockOfCheck& known : blocks())
    if (known.keyword == block.keyword()) {
      check.probe = std::move(known.probe);
      config::read_block<Check>(known.rows, check, block.children, known.keyword, reader);
    }
}

void describe_plain_checks(std::vector<config::KeywordInfo>& out) {
  const std::string base = "virtual_server/real_server/";
  for (const BlockOfCheck& known : blocks())
    if (known.is_performed)
      config::describe<Check>(known.rows, base + std::string{known.keyword}, out);
    else
      describe_unbuilt<Check>(known.rows, base + std::string{known.keyword}, out);
  config::describe<Check>(endpoint_rows, base + "SMTP_CHECK/host", out);
}

}  // namespace holdfast::checkers
