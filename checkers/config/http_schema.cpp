// What HTTP_GET and SSL_GET accept: one row a keyword. Their url blocks: url_schema.cpp.
#include <array>

#include "checkers/config/schema.h"

namespace holdfast::checkers {
namespace {

using config::Boolean;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using std::string_view_literals::operator""sv;

HttpCheck& http(Check& check) { return std::get<HttpCheck>(check.probe); }
TlsRules& tls_rules(Check& check) { return http(check).tls_rules; }

void read_url(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  http(check).urls.push_back(read_http_url(statement, http(check).tls, reader));
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
  describe_http_url(base + "HTTP_GET/url", false, out);
  config::describe<Check>(tls_schema, base + "SSL_GET", out);
  describe_http_url(base + "SSL_GET/url", true, out);
}

}  // namespace holdfast::checkers
