// What HTTP_GET, SSL_GET and GRPC_CHECK accept: one row a keyword. Their url blocks:
// url_schema.cpp.
#include <array>

#include "checkers/config/schema.h"
#include "checkers/config/tls_rows.h"

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

void read_url(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  http(check).urls.push_back(read_http_url(statement, http(check).tls, reader));
}

template <auto Member>
constexpr auto read_text = set_text<Member, http>;
template <auto Member>
constexpr auto read_flag = set_flag<Member, http>;

void read_version(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  static constexpr std::array versions{"1.0"sv, "1.0C"sv, "1.0c"sv, "1.1"sv, "2"sv};
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
    row<Check>(
        "http_protocol", "1.0|1.0C|1.0c|1.1|2", "RFC 9112 2.3",
        "Version of the request, C with Connection: close; 1.0 by default. 2, of Holdfast, is "
        "HTTP/2: over TLS the server must agree to it (ALPN h2), in the clear it is spoken "
        "from the first byte on.",
        read_version),
    row<Check>("fast_recovery", "[BOOL]", "keepalived", "One success is enough after a failure.",
               read_flag<&HttpCheck::fast_recovery>),
    row<Check>("nb_get_retry", "COUNT", "keepalived, deprecated", "Old spelling of retry.",
               read_nb_get_retry),
};
constexpr std::array name_rows{
    row<Check>("enable_sni", "[BOOL]", "RFC 6066 3", "Send the server's name in the TLS handshake.",
               read_flag<&HttpCheck::send_sni>),
    row<Check>("sni_name", "[NAME]", "RFC 6066 3",
               "Name to send in the TLS handshake; virtualhost by default.", read_sni_name),
};

constexpr std::array close_rows{
    row<Check>("tls_compliant", "[BOOL]", "RFC 8446 6.1", "Complete the close handshake of TLS.",
               read_flag<&HttpCheck::tls_compliant>),
};
constexpr auto http_schema = joined(joined(endpoint_rows, http_rows), name_rows);
constexpr auto tls_schema = joined(http_schema, joined(close_rows, tls_rule_rows));

void read_service(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (auto name = config::read_word(statement, 1, reader)) http(check).grpc_service = *name;
}

constexpr std::array grpc_rows{
    row<Check>("grpc_service", "NAME", "Holdfast",
               "Service whose health is asked for; that of the server as a whole by default.",
               read_service),
    row<Check>("virtualhost", "NAME", "RFC 9113 8.3.1",
               "Authority of the request; the server's virtualhost, else its address by default.",
               read_text<&HttpCheck::virtualhost>),
    row<Check>("tls", "[BOOL]", "Holdfast",
               "By TLS, where the server must agree to HTTP/2 (ALPN h2); in the clear by default.",
               read_flag<&HttpCheck::tls>),
};
constexpr auto grpc_schema =
    joined(joined(joined(endpoint_rows, grpc_rows), name_rows), tls_rule_rows);

void read_grpc_check(Check& check, const Statement& block, Reader& reader) {
  http(check).grpc_service = "";
  http(check).version = HttpVersion::v2;
  config::read_block<Check>(grpc_schema, check, block.children, "GRPC_CHECK", reader);
  if (!http(check).tls && http(check).tls_rules != TlsRules{})
    reader.error(check.place,
                 "GRPC_CHECK has rules for TLS and not 'tls': it would be in the clear");
}

}  // namespace

void read_http_check(Check& check, const Statement& block, Reader& reader) {
  check.probe = HttpCheck{};
  if (block.keyword() == "GRPC_CHECK") return read_grpc_check(check, block, reader);
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
  describe_ours(grpc_schema, base + "GRPC_CHECK", out);
}

}  // namespace holdfast::checkers
