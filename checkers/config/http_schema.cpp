// What HTTP_GET and SSL_GET accept: one row a keyword.
#include <algorithm>
#include <array>
#include <charconv>

#include "checkers/config/schema.h"
#include "checkers/core/body_pattern.h"
#include "daemon/config/command.h"

namespace holdfast::checkers {
namespace {

using config::AnyWord;
using config::Boolean;
using config::field;
using config::part_field;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using config::Switch;
using std::string_view_literals::operator""sv;

HttpCheck& http(Check& check) { return std::get<HttpCheck>(check.probe); }
TlsRules& tls_rules(Check& check) { return http(check).tls_rules; }

void read_status(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement, Reader& reader) {
  constexpr unsigned lowest = 100;
  constexpr unsigned highest = 599;
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const std::string_view text = statement.words[word].text;
    unsigned low = 0;
    unsigned high = 0;
    const char* end = text.data() + text.size();
    auto parsed = std::from_chars(text.data(), end, low);
    high = low;
    if (parsed.ec == std::errc{} && parsed.ptr != end && *parsed.ptr == '-')
      parsed = std::from_chars(parsed.ptr + 1, end, high);
    if (parsed.ec != std::errc{} || parsed.ptr != end || low < lowest || high > highest ||
        low > high)
      reader.warn(statement.place(word),
                  fmt::format("'status_code' needs codes 100..599 or LOW-HIGH, found '{}'", text));
    else
      url.status.emplace_back(low, high);
  }
  if (statement.words.size() < 2)
    reader.error(statement.place(), "'status_code' needs a code such as 200 or a range 200-299");
}

void read_digest(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement, Reader& reader) {
  constexpr std::size_t md5_digits = 32;
  const std::string_view text = statement.words.size() > 1 ? statement.words[1].text : "";
  const bool is_hex =
      std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (text.size() != md5_digits || !is_hex) {
    reader.warn(statement.place(1),
                fmt::format("'digest' needs 32 hexadecimal digits (MD5), found '{}'", text));
    return;
  }
  url.digest = text;
  std::ranges::transform(url.digest, url.digest.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
}

// The pattern of a url. @source runtime.md 16.3: the names of PCRE2's compile options
constexpr std::array regex_options{"allow_empty_class"sv, "alt_bsux"sv,
                                   "auto_callout"sv,      "caseless"sv,
                                   "dollar_endonly"sv,    "dotall"sv,
                                   "dupnames"sv,          "extended"sv,
                                   "firstline"sv,         "match_unset_backref"sv,
                                   "multiline"sv,         "never_ucp"sv,
                                   "never_utf"sv,         "no_auto_capture"sv,
                                   "no_auto_possess"sv,   "no_dotstar_anchor"sv,
                                   "no_start_optimize"sv, "ucp"sv,
                                   "ungreedy"sv,          "utf"sv,
                                   "never_backslash_c"sv, "alt_circumflex"sv,
                                   "alt_verbnames"sv,     "use_offset_limit"sv};
constexpr Range offset_rule{0, 4294967295.0};
constexpr Range stack_rule{1, 4294967295.0};

void read_regex_options(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement,
                        Reader& reader) {
  for (std::size_t word = 1; word < std::max<std::size_t>(statement.words.size(), 2); ++word)
    if (const auto option = config::read_choice(config::with_argument(statement, word), 1,
                                                config::Choice{regex_options}, reader))
      url.regex.options.emplace_back(regex_options[*option]);
}

void read_regex_stack(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement,
                      Reader& reader) {
  const auto start =
      config::read_number(config::with_argument(statement, 1), 1, stack_rule, reader);
  const auto most = start ? config::read_number(statement, 2, stack_rule, reader) : start;
  if (!most) return;
  if (*start > *most)
    return reader.warn(statement.place(1), "'regex_stack' starts with more than its maximum");
  url.regex.stack_start = static_cast<std::size_t>(*start);
  url.regex.stack_max = static_cast<std::size_t>(*most);
}

/// In double or single quotes or none, with escapes (grammar.md 4.2), as in a command.
void read_pattern(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement, Reader& reader) {
  std::string text;
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const config::Word& part = statement.words[word];
    const std::string_view quote = part.quoted ? "\"" : "";
    text += fmt::format("{}{}{}{}", word > 1 ? " " : "", quote, part.text, quote);
  }
  const auto words = config::split_command(text);
  if (!words)
    return reader.error(statement.place(1), fmt::format("'regex': {}", words.error().what));
  if (words->size() > 1)
    reader.warn(statement.place(2), "'regex' takes one pattern; put it in quotes");
  url.regex.pattern = words->front();
}

constexpr std::array url_rows{
    field<&HttpUrl::path>("path", AnyWord{}, "keepalived", "Path of the request."),
    row<HttpUrl>("digest", "MD5", "keepalived", "MD5 that the body must have.", read_digest),
    row<HttpUrl>("status_code", "CODE | LOW-HIGH ... (100-599)", "RFC 9110 15",
                 "Status codes that are a success; 200-299 by default.", read_status),
    field<&HttpUrl::virtualhost>("virtualhost", AnyWord{}, "RFC 9110 7.2",
                                 "Host header; the check's by default."),
    row<HttpUrl>("regex", "\"PATTERN\"", "pcre2pattern(3)",
                 "Pattern that the body must match (PCRE2).", read_pattern),
    part_field<&HttpUrl::regex, &BodyRegex::must_not_match>("regex_no_match", Switch{},
                                                            "The pattern must not match."),
    row<HttpUrl>("regex_options", "OPTION ...", "pcre2api(3)",
                 "How the pattern is compiled, in the words of PCRE2.", read_regex_options),
    part_field<&HttpUrl::regex, &BodyRegex::min_offset>(
        "regex_min_offset", offset_rule, "First byte of the body where a match may start."),
    part_field<&HttpUrl::regex, &BodyRegex::max_offset>("regex_max_offset", offset_rule,
                                                        "Byte of the body where matching stops."),
    row<HttpUrl>("regex_stack", "START MAX", "pcre2api(3)",
                 "Bytes of the stack of the pattern's compiled form.", read_regex_stack),
};
constexpr std::array tls_url_rows{
    field<&HttpUrl::tls_compliant>("tls_compliant", Boolean{}, "RFC 8446 6.1",
                                   "Complete the close handshake; the check's by default."),
};

void compile_pattern(HttpUrl& url, const Statement& block, Reader& reader) {
  if (url.regex.pattern.empty()) return;
  auto pattern = BodyPattern::compile(url.regex);
  if (pattern) {
    url.regex.compiled = std::move(*pattern);
    return;
  }
  const auto line = std::ranges::find(block.children, "regex", &Statement::keyword);
  reader.error(line == block.children.end() ? block.place() : line->place(1),
               fmt::format("'regex': {}", pattern.error().what));
}

void read_url(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  HttpUrl url;
  std::vector<Row<HttpUrl>> rows{url_rows.begin(), url_rows.end()};
  if (http(check).tls) rows.insert(rows.end(), tls_url_rows.begin(), tls_url_rows.end());
  config::read_block<HttpUrl>(rows, url, statement.children, "url", reader);
  if (url.path.empty()) {
    reader.warn(statement.place(), "a url without path; '/' is used");
    url.path = "/";
  }
  if (url.status.empty()) url.status.emplace_back(200, 299);
  compile_pattern(url, statement, reader);
  http(check).urls.push_back(std::move(url));
}

/// @tparam Of what the member is of: http or tls_rules
template <auto Member, auto Of = http>
void read_text(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (auto text = config::read_word(statement, 1, reader)) Of(check).*Member = std::move(*text);
}

template <auto Member, auto Of = http>
void read_flag(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (const auto flag = config::read_boolean(statement, Boolean{}, reader))
    Of(check).*Member = *flag;
}

void read_version(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  static constexpr std::array versions{"1.0"sv, "1.0C"sv, "1.0c"sv, "1.1"sv};
  if (const auto version = config::read_choice(statement, 1, config::Choice{versions}, reader))
    http(check).version = static_cast<HttpVersion>(*version);
}

void read_nb_get_retry(Check& check, const Row<Check>&, const Statement& statement,
                       Reader& reader) {
  reader.note(statement.place(), "'nb_get_retry' is the old spelling of 'retry'");
  if (const auto retry = config::read_number(statement, 1, retry_rule, reader))
    check.timing.retry = static_cast<std::uint32_t>(*retry);
}

/// `[NAME]`; implies enable_sni.
void read_sni_name(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  http(check).send_sni = true;
  if (statement.words.size() < 2) return;
  if (auto name = config::read_word(statement, 1, reader)) http(check).sni_name = std::move(*name);
}

constexpr std::array http_rows{
    row<Check>("url", "{ path P ... }", "keepalived", "One request; several are made in order.",
               read_url),
    row<Check>("virtualhost", "NAME", "RFC 9110 7.2", "Host header; the server's by default.",
               read_text<&HttpCheck::virtualhost>),
    row<Check>("http_protocol", "1.0|1.0C|1.0c|1.1", "RFC 9112 2.3",
               "Version of the request, C with Connection: close; 1.0 by default.", read_version),
    row<Check>("fast_recovery", "[BOOL]", "keepalived", "One success is enough after a failure.",
               read_flag<&HttpCheck::fast_recovery>),
    row<Check>("nb_get_retry", "COUNT", "keepalived, deprecated", "Old spelling of retry.",
               read_nb_get_retry),
    row<Check>("enable_sni", "[BOOL]", "RFC 6066 3",
               "Send the server's name in the TLS handshake (SSL_GET).",
               read_flag<&HttpCheck::send_sni>),
    row<Check>("sni_name", "[NAME]", "RFC 6066 3",
               "Name to send in the TLS handshake; virtualhost by default.", read_sni_name),
};
void read_lowest(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  static constexpr std::array versions{"1.0"sv, "1.1"sv, "1.2"sv, "1.3"sv};
  if (const auto version = config::read_choice(statement, 1, config::Choice{versions}, reader))
    tls_rules(check).lowest = static_cast<TlsVersion>(*version);
}

void read_expiry(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  constexpr Range days{1, 3650};
  if (const auto number = config::read_number(statement, 1, days, reader))
    tls_rules(check).expiry_days = static_cast<std::uint32_t>(*number);
}

constexpr std::array tls_rows{
    row<Check>("tls_compliant", "[BOOL]", "RFC 8446 6.1", "Complete the close handshake of TLS.",
               read_flag<&HttpCheck::tls_compliant>),
    row<Check>("tls_verify", "[BOOL]", "Holdfast",
               "The certificate must be valid, issued by a known authority, and for the server's "
               "name (tls_name, else the name of enable_sni, else the address); not by default.",
               read_flag<&TlsRules::verify, tls_rules>),
    row<Check>("tls_ca", "FILE", "Holdfast",
               "Certificate authorities in PEM; `ca` of the SSL block, else the system's by "
               "default.",
               read_text<&TlsRules::ca_file, tls_rules>),
    row<Check>("tls_name", "NAME", "Holdfast", "Name that the certificate must have.",
               read_text<&TlsRules::name, tls_rules>),
    row<Check>("tls_certificate", "FILE", "Holdfast",
               "Certificate to show to the server, in PEM; that of the SSL block by default.",
               read_text<&TlsRules::certificate, tls_rules>),
    row<Check>("tls_key", "FILE", "Holdfast",
               "Private key of tls_certificate, in PEM; that of the SSL block by default.",
               read_text<&TlsRules::key, tls_rules>),
    row<Check>("tls_min_version", "1.0|1.1|1.2|1.3", "Holdfast",
               "Oldest version of TLS that is taken; the library's by default.", read_lowest),
    row<Check>("tls_expiry_warning", "DAYS (1-3650)", "Holdfast",
               "Warn when the server's certificate ends within so many days.", read_expiry),
};
constexpr auto http_schema = joined(endpoint_rows, http_rows);
constexpr auto tls_schema = joined(http_schema, tls_rows);

}  // namespace

void read_http_check(Check& check, const Statement& block, Reader& reader) {
  check.probe = HttpCheck{};
  http(check).tls = block.keyword() == "SSL_GET";
  if (http(check).tls)
    config::read_block<Check>(tls_schema, check, block.children, "SSL_GET", reader);
  else
    config::read_block<Check>(http_schema, check, block.children, "HTTP_GET", reader);
}

void describe_http(std::vector<config::KeywordInfo>& out) {
  const std::string base = "virtual_server/real_server/";
  config::describe<Check>(http_schema, base + "HTTP_GET", out);
  config::describe<HttpUrl>(url_rows, base + "HTTP_GET/url", out);
  config::describe<Check>(tls_schema, base + "SSL_GET", out);
  config::describe<HttpUrl>(url_rows, base + "SSL_GET/url", out);
  config::describe<HttpUrl>(tls_url_rows, base + "SSL_GET/url", out);
}

}  // namespace holdfast::checkers
