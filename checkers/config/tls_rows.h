// The rows of every check that speaks TLS, and how rows set the members of a check's parts.
#pragma once

#include <array>
#include <string_view>

#include "checkers/config/schema.h"

namespace holdfast::checkers {

/// Describes the rows of a block that keepalived lacks.
inline void describe_ours(std::span<const config::Row<Check>> rows, std::string_view block,
                          std::vector<config::KeywordInfo>& out) {
  const std::size_t before = out.size();
  config::describe<Check>(rows, block, out);
  for (std::size_t i = before; i < out.size(); ++i) out[i].source = "Holdfast";
}

/// @tparam Of what the member is of: a function from the check to its part
template <auto Member, auto Of>
void set_text(Check& check, const config::Row<Check>&, const config::Statement& statement,
              config::Reader& reader) {
  if (auto text = config::read_word(statement, 1, reader)) Of(check).*Member = std::move(*text);
}

template <auto Member, auto Of>
void set_flag(Check& check, const config::Row<Check>&, const config::Statement& statement,
              config::Reader& reader) {
  if (const auto flag = config::read_boolean(statement, config::Boolean{}, reader))
    Of(check).*Member = *flag;
}

inline TlsRules& tls_rules(Check& check) {
  if (auto* talk = std::get_if<TalkCheck>(&check.probe)) return talk->tls_rules;
  return std::get<HttpCheck>(check.probe).tls_rules;
}

inline void read_tls_lowest(Check& check, const config::Row<Check>&,
                            const config::Statement& statement, config::Reader& reader) {
  using std::string_view_literals::operator""sv;
  static constexpr std::array versions{"1.0"sv, "1.1"sv, "1.2"sv, "1.3"sv};
  if (const auto version = config::read_choice(statement, 1, config::Choice{versions}, reader))
    tls_rules(check).lowest = static_cast<TlsVersion>(*version);
}

inline void read_tls_expiry(Check& check, const config::Row<Check>&,
                            const config::Statement& statement, config::Reader& reader) {
  constexpr config::Range days{1, 3650};
  if (const auto number = config::read_number(statement, 1, days, reader))
    tls_rules(check).expiry_days = static_cast<std::uint32_t>(*number);
}

inline constexpr std::array tls_rule_rows{
    config::row<Check>(
        "tls_verify", "[BOOL]", "Holdfast",
        "The certificate must be valid, issued by a known authority, and for the server's name "
        "(tls_name, else the name that is sent, else the address); not by default.",
        set_flag<&TlsRules::verify, tls_rules>),
    config::row<Check>("tls_ca", "FILE", "Holdfast",
                       "Certificate authorities in PEM; `ca` of the SSL block, else the system's "
                       "by default.",
                       set_text<&TlsRules::ca_file, tls_rules>),
    config::row<Check>("tls_name", "NAME", "Holdfast", "Name that the certificate must have.",
                       set_text<&TlsRules::name, tls_rules>),
    config::row<Check>("tls_certificate", "FILE", "Holdfast",
                       "Certificate to show to the server, in PEM; that of the SSL block by "
                       "default.",
                       set_text<&TlsRules::certificate, tls_rules>),
    config::row<Check>("tls_key", "FILE", "Holdfast",
                       "Private key of tls_certificate, in PEM; that of the SSL block by default.",
                       set_text<&TlsRules::key, tls_rules>),
    config::row<Check>("tls_min_version", "1.0|1.1|1.2|1.3", "Holdfast",
                       "Oldest version of TLS that is taken; the library's by default.",
                       read_tls_lowest),
    config::row<Check>("tls_expiry_warning", "DAYS (1-3650)", "Holdfast",
                       "Warn when the server's certificate ends within so many days.",
                       read_tls_expiry),
};

}  // namespace holdfast::checkers
