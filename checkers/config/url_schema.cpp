// What a url block of HTTP_GET and SSL_GET accepts: the request, and what its answer must be.
#include <algorithm>
#include <array>
#include <charconv>

#include "checkers/config/field_name.h"
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
                                                config::Choice{regex_options}, reader)) {
      url.regex.options.emplace_back(regex_options[*option]);
      if (url.regex.options.back() == "use_offset_limit")
        reader.note(statement.place(word),
                    "'use_offset_limit' changes nothing: matching stops at regex_max_offset with "
                    "it and without");
    }
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

/// The arguments in double or single quotes or none, with escapes (grammar.md 4.2), as in a
/// command. They are read from the line itself: the words of the tree end at every quote.
std::optional<std::vector<std::string>> escaped(const Statement& statement, std::size_t most,
                                                Reader& reader) {
  if (statement.words.size() < 2) {
    reader.error(statement.end(), fmt::format("'{}' needs an argument, and nothing follows it",
                                              statement.keyword()));
    return std::nullopt;
  }
  const config::Word& first = statement.words[1];
  const std::string_view line{first.text.data() - (first.quoted ? 1 : 0),
                              statement.words.back().end() - first.column};
  auto words = config::split_command(line);
  if (!words) {
    reader.error(statement.place(1),
                 fmt::format("'{}': {}", statement.keyword(), words.error().what));
    return std::nullopt;
  }
  if (words->size() > most)
    reader.warn(statement.place(most + 1),
                fmt::format("'{}' takes {} argument{}; put what has blanks in quotes",
                            statement.keyword(), most, most > 1 ? "s" : ""));
  return std::move(*words);
}

void read_pattern(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement, Reader& reader) {
  if (auto words = escaped(statement, 1, reader)) url.regex.pattern = std::move(words->front());
}

// The request. @source RFC 9110 9.3; CONNECT is for proxies alone
constexpr std::array methods{"GET"sv,    "HEAD"sv,    "POST"sv,  "PUT"sv,
                             "DELETE"sv, "OPTIONS"sv, "PATCH"sv, "TRACE"sv};
constexpr std::size_t most_headers = 32;
constexpr std::size_t longest_header = 8192;

void read_method(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement, Reader& reader) {
  if (const auto method = config::read_choice(statement, 1, config::Choice{methods}, reader))
    url.method = methods.at(*method);
}

/// @source RFC 9110 5.6.2
bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || marks.find(c) < marks.size();
  });
}

/// @source RFC 9110 5.5: no CR, LF or NUL, nor other control characters but the tab
bool is_field_value(std::string_view value) {
  return std::ranges::all_of(value,
                             [](unsigned char c) { return c == '\t' || (c >= ' ' && c != 0x7f); });
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// Why a line cannot be sent beside those of `url`; empty: it can. Never says its value.
std::string mistake_in(const HttpUrl& url, std::string_view name, std::string_view value) {
  // They follow from the other keywords, and must fit them.
  constexpr std::array own{"Connection"sv, "Content-Length"sv, "Transfer-Encoding"sv, "TE"sv,
                           "Upgrade"sv,    "Expect"sv,         "Keep-Alive"sv};
  if (!is_token(name)) return "needs \"NAME: VALUE\", with the name of a header field";
  if (!is_field_value(value)) return "takes no line ends and other control characters";
  if (name.size() + value.size() > longest_header)
    return fmt::format("takes at most {} characters", longest_header);
  if (url.headers.size() == most_headers)
    return fmt::format("stands more than {} times", most_headers);
  for (const std::string_view of_ours : own)
    if (is_field(name, of_ours)) return fmt::format("{} is set by the check itself", of_ours);
  const bool has_host = std::ranges::any_of(
      url.headers, [](const auto& field) { return is_field(field.first, "Host"); });
  if (is_field(name, "Host") && has_host) return "has Host a second time";
  return "";
}

void read_header(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement, Reader& reader) {
  const auto words = escaped(statement, 1, reader);
  if (!words) return;
  const std::string_view line = words->front();
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(std::min(colon + 1, line.size())));
  std::string mistake = mistake_in(url, colon == line.size() ? "" : name, value);
  if (mistake.empty())
    url.headers.emplace_back(name, value);
  else
    reader.error(statement.place(1), fmt::format("'header' {}", mistake));
}

void read_body(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement, Reader& reader) {
  if (auto words = escaped(statement, 1, reader)) url.body = std::move(words->front());
}

/// @source RFC 6901 3: empty, or parts that begin with `/`, in which `~` is followed by 0 or 1
bool is_pointer(std::string_view pointer) {
  if (!pointer.empty() && pointer.front() != '/') return false;
  for (std::size_t at = pointer.find('~'); at < pointer.size(); at = pointer.find('~', at + 1))
    if (at + 1 == pointer.size() || (pointer[at + 1] != '0' && pointer[at + 1] != '1'))
      return false;
  return true;
}

void read_json(HttpUrl& url, const Row<HttpUrl>&, const Statement& statement, Reader& reader) {
  constexpr std::size_t most_rules = 32;
  auto words = escaped(statement, 2, reader);
  if (!words) return;
  if (url.json.size() == most_rules)
    return reader.error(statement.place(),
                        fmt::format("'json' stands more than {} times", most_rules));
  JsonRule rule{std::move(words->front()), std::nullopt, {}};
  if (!is_pointer(rule.pointer))
    return reader.error(
        statement.place(1),
        fmt::format(
            "'json' needs a pointer such as /status or /checks/0/state (RFC 6901), found '{}'",
            rule.pointer));
  if (words->size() > 1) rule.expected = std::move(words->at(1));
  if (rule.expected && rule.expected->starts_with('~')) {
    BodyRegex regex;
    regex.pattern = rule.expected->substr(1);
    regex.options = {"utf"};
    auto pattern = BodyPattern::compile(regex);
    if (!pattern)
      return reader.error(statement.place(2), fmt::format("'json': {}", pattern.error().what));
    rule.pattern = std::move(*pattern);
  }
  url.json.push_back(std::move(rule));
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
                 "How the pattern is compiled, in the words of PCRE2. use_offset_limit is accepted "
                 "and changes nothing: matching stops at regex_max_offset with it and without.",
                 read_regex_options),
    part_field<&HttpUrl::regex, &BodyRegex::min_offset>(
        "regex_min_offset", offset_rule, "First byte of the body where a match may start."),
    part_field<&HttpUrl::regex, &BodyRegex::max_offset>("regex_max_offset", offset_rule,
                                                        "Byte of the body where matching stops."),
    row<HttpUrl>(
        "regex_stack", "START MAX", "pcre2api(3)",
        "Bytes of the stack of the pattern's compiled form, at first and at most; 32768 by "
        "default. A match that needs more fails the check.",
        read_regex_stack),
    row<HttpUrl>("method", "GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE", "Holdfast",
                 "Method of the request; GET by default.", read_method),
    row<HttpUrl>(
        "header", "\"NAME: VALUE\"", "Holdfast",
        "A further header field of the request, up to 32 of them. User-Agent and Host take "
        "the place of ours; what frames the message (Connection, Content-Length) is refused. "
        "Its value is shown in no message.",
        read_header),
    row<HttpUrl>("body", "\"TEXT\"", "Holdfast",
                 "Body of the request, with the escapes of a script line; shown in no message.",
                 read_body),
    row<HttpUrl>("json", "\"POINTER\" [\"VALUE\" | \"~PATTERN\"]", "Holdfast",
                 "What the JSON document of the body must have at this place (RFC 6901): a string, "
                 "number, true, false or null of this value, one that the pattern (PCRE2) matches, "
                 "or anything at all. All lines must fit. A body of more than 262144 bytes fails.",
                 read_json),
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

/// The statement of a url with this keyword, else the url.
config::Place place_of(const Statement& block, std::string_view keyword) {
  const auto line = std::ranges::find(block.children, keyword, &Statement::keyword);
  return line == block.children.end() ? block.place() : line->place();
}

/// Keywords that do not fit each other.
void check_together(const HttpUrl& url, const Statement& block, Reader& reader) {
  const bool is_bare = url.method == "GET" || url.method == "HEAD" || url.method == "TRACE";
  if (!url.body.empty() && is_bare)
    reader.error(
        place_of(block, "body"),
        fmt::format("'body': a {} request has none; set a method such as POST", url.method));
  if (url.method == "HEAD")
    for (const std::string_view keyword : {"digest"sv, "regex"sv, "json"sv})
      if (const auto line = std::ranges::find(block.children, keyword, &Statement::keyword);
          line != block.children.end())
        reader.error(line->place(),
                     fmt::format("'{}': the answer to HEAD has no body to look at", keyword));
  if (!url.virtualhost.empty() && std::ranges::any_of(url.headers, [](const auto& field) {
        return is_field(field.first, "Host");
      }))
    reader.error(place_of(block, "virtualhost"),
                 "'virtualhost' and 'header' both set Host; one of them is enough");
}

std::vector<Row<HttpUrl>> rows_of_url(bool tls) {
  std::vector<Row<HttpUrl>> rows{url_rows.begin(), url_rows.end()};
  if (tls) rows.insert(rows.end(), tls_url_rows.begin(), tls_url_rows.end());
  return rows;
}

}  // namespace

HttpUrl read_http_url(const Statement& block, bool tls, Reader& reader) {
  HttpUrl url;
  const auto rows = rows_of_url(tls);
  config::read_block<HttpUrl>(rows, url, block.children, "url", reader);
  if (url.path.empty()) {
    reader.warn(block.place(), "a url without path; '/' is used");
    url.path = "/";
  }
  if (url.status.empty()) url.status.emplace_back(200, 299);
  compile_pattern(url, block, reader);
  check_together(url, block, reader);
  return url;
}

void describe_http_url(std::string_view block, bool tls, std::vector<config::KeywordInfo>& out) {
  const auto rows = rows_of_url(tls);
  config::describe<HttpUrl>(rows, block, out);
}

}  // namespace holdfast::checkers
