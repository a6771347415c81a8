// What TCP_CHECK, PING_CHECK and HTTP_GET accept: one row a keyword.
#include <algorithm>
#include <array>
#include <charconv>

#include "checkers/config/schema.h"

namespace holdfast::checkers {
namespace {

using config::AnyWord;
using config::Boolean;
using config::field;
using config::later;
using config::part_field;
using config::Range;
using config::Reader;
using config::Row;
using config::row;
using config::Statement;

constexpr std::array endpoint_rows{
    part_field<&Check::endpoint, &Endpoint::connect_ip>("connect_ip", config::Address{},
                                                        "Address that is checked."),
    part_field<&Check::endpoint, &Endpoint::connect_port>("connect_port", Range{1, 65535},
                                                          "Port that is checked."),
    part_field<&Check::endpoint, &Endpoint::bindto>("bindto", config::Address{}, "Local address."),
    part_field<&Check::endpoint, &Endpoint::bind_port>("bind_port", Range{1, 65535}, "Local port."),
    part_field<&Check::endpoint, &Endpoint::bind_if>("bind_if", AnyWord{}, "Local device."),
    part_field<&Check::endpoint, &Endpoint::fwmark>("fwmark", Range{0, 4294967295.0},
                                                    "Firewall mark of the probe."),
    part_field<&Check::timing, &Timing::connect_timeout>("connect_timeout", positive_seconds,
                                                         "Time limit of the connection."),
    part_field<&Check::timing, &Timing::retry>("retry", retry_rule, "Retries before a failure."),
    part_field<&Check::timing, &Timing::delay_before_retry>("delay_before_retry", seconds_rule,
                                                            "Pause between retries."),
    part_field<&Check::timing, &Timing::warmup>("warmup", seconds_rule,
                                                "Bound of the random initial delay."),
    part_field<&Check::timing, &Timing::delay_loop>("delay_loop", positive_seconds,
                                                    "Time between checks."),
    part_field<&Check::timing, &Timing::alpha>("alpha", Boolean{}, "Down until the first success."),
    field<&Check::log_all_failures>("log_all_failures", Boolean{}, "keepalived",
                                    "Log every failed check."),
};

HttpCheck& http(Check& check) { return std::get<HttpCheck>(check.probe); }

void read_status(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement, Reader& reader) {
  constexpr unsigned lowest = 100;
  constexpr unsigned highest = 599;
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const std::string& text = statement.words[word].text;
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
  const std::string text = statement.words.size() > 1 ? statement.words[1].text : "";
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

constexpr std::array url_schema{
    field<&HttpUrl::path>("path", AnyWord{}, "keepalived", "Request path."),
    row<HttpUrl>("digest", "MD5", "keepalived", "Expected MD5 of the body.", read_digest),
    row<HttpUrl>("status_code", "CODE | LOW-HIGH ...", "keepalived", "Accepted status codes.",
                 read_status),
    field<&HttpUrl::virtualhost>("virtualhost", AnyWord{}, "keepalived", "Host header."),
    later<HttpUrl>("regex", "\"PATTERN\"", "Pattern that the body must match."),
    later<HttpUrl>("regex_no_match", "", "The pattern must not match."),
    later<HttpUrl>("regex_options", "OPT ...", "PCRE2 options."),
    later<HttpUrl>("regex_min_offset", "N", "First offset where a match may start."),
    later<HttpUrl>("regex_max_offset", "N", "Offset where matching stops."),
    later<HttpUrl>("regex_stack", "START MAX", "JIT stack sizes."),
};

void read_url(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  HttpUrl url;
  config::read_block<HttpUrl>(url_schema, url, statement.children, "url", reader);
  if (url.path.empty()) {
    reader.warn(statement.place(), "a url without path; '/' is used");
    url.path = "/";
  }
  if (url.status.empty()) url.status.emplace_back(200, 299);
  http(check).urls.push_back(std::move(url));
}

void read_virtualhost(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (auto host = config::read_word(statement, 1, reader)) http(check).virtualhost = *host;
}

void read_version(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  using std::string_view_literals::operator""sv;
  static constexpr std::array versions{"1.0"sv, "1.0C"sv, "1.0c"sv, "1.1"sv};
  if (const auto version = config::read_choice(statement, 1, config::Choice{versions}, reader))
    http(check).version = static_cast<HttpVersion>(*version);
}

void read_fast_recovery(Check& check, const Row<Check>& self, const Statement& statement,
                        Reader& reader) {
  (void)self;
  if (const auto fast = config::read_boolean(statement, Boolean{}, reader))
    http(check).fast_recovery = *fast;
}

void read_nb_get_retry(Check& check, const Row<Check>&, const Statement& statement,
                       Reader& reader) {
  reader.note(statement.place(), "'nb_get_retry' is the old spelling of 'retry'");
  if (const auto retry = config::read_number(statement, 1, retry_rule, reader))
    check.timing.retry = static_cast<std::uint32_t>(*retry);
}

constexpr std::array http_rows{
    row<Check>("url", "{ path P ... }", "keepalived", "One request; several are made in order.",
               read_url),
    row<Check>("virtualhost", "NAME", "keepalived", "Host header.", read_virtualhost),
    row<Check>("http_protocol", "1.0|1.0C|1.0c|1.1", "keepalived", "Version of the request.",
               read_version),
    row<Check>("fast_recovery", "[BOOL]", "keepalived", "One success is enough after a failure.",
               read_fast_recovery),
    row<Check>("nb_get_retry", "COUNT", "keepalived, deprecated", "Old spelling of retry.",
               read_nb_get_retry),
    later<Check>("enable_sni", "[BOOL]", "Send the server name (SSL_GET)."),
    later<Check>("sni_name", "[NAME]", "Server name to send."),
};

template <std::size_t A, std::size_t B>
constexpr std::array<Row<Check>, A + B> joined(const std::array<Row<Check>, A>& a,
                                               const std::array<Row<Check>, B>& b) {
  std::array<Row<Check>, A + B> all;
  std::copy(a.begin(), a.end(), all.begin());
  std::copy(b.begin(), b.end(), all.begin() + A);
  return all;
}
constexpr auto http_schema = joined(endpoint_rows, http_rows);

}  // namespace

std::optional<Check> read_check(const Statement& block, Reader& reader) {
  Check check;
  check.place = block.place();
  const std::string& keyword = block.keyword();
  if (keyword == "HTTP_GET") {
    check.probe = HttpCheck{};
    config::read_block<Check>(http_schema, check, block.children, keyword, reader);
    if (!std::get<HttpCheck>(check.probe).urls.empty()) return check;
    reader.error(block.place(), "HTTP_GET needs at least one url block: url { path / }");
    return std::nullopt;
  }
  if (keyword == "PING_CHECK") check.probe = PingCheck{};
  config::read_block<Check>(endpoint_rows, check, block.children, keyword, reader);
  return check;
}

void describe_checks(std::vector<config::KeywordInfo>& out) {
  const std::string base = "virtual_server/real_server/";
  config::describe<Check>(endpoint_rows, base + "TCP_CHECK", out);
  config::describe<Check>(endpoint_rows, base + "PING_CHECK", out);
  config::describe<Check>(http_schema, base + "HTTP_GET", out);
  config::describe<HttpUrl>(url_schema, base + "HTTP_GET/url", out);
}

}  // namespace holdfast::checkers
