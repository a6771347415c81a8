// DIALOGUE_CHECK, REDIS_CHECK, POSTGRESQL_CHECK, MYSQL_CHECK, LDAP_CHECK and AGENT_CHECK: one row a
// keyword.
#include <algorithm>
#include <array>

#include "checkers/config/schema.h"
#include "checkers/config/tls_rows.h"
#include "checkers/core/body_pattern.h"
#include "daemon/config/command.h"

namespace holdfast::checkers {
namespace {

using config::Reader;
using config::Row;
using config::row;
using config::Statement;
using std::string_view_literals::operator""sv;
using Kind = DialogueStep::Kind;

/// More than any conversation has.
constexpr std::size_t most_steps = 100;

TalkCheck& talk(Check& check) { return std::get<TalkCheck>(check.probe); }
template <typename Kind>
Kind& of(Check& check) {
  return std::get<Kind>(talk(check).talk);
}

// DIALOGUE_CHECK

void add_step(Check& check, DialogueStep step, const Statement& statement, Reader& reader) {
  auto& steps = of<DialogueCheck>(check).steps;
  if (steps.size() == most_steps)
    return reader.error(statement.place(),
                        fmt::format("a dialogue has {} steps at most", most_steps));
  steps.push_back(std::move(step));
}

/// The one text behind a keyword.
std::optional<std::string> read_only_text(const Statement& statement, Reader& reader) {
  if (statement.words.size() == 2) return std::string{statement.words[1].text};
  reader.error(statement.words.size() < 2 ? statement.end() : statement.place(2),
               fmt::format("'{}' needs one text; put it in quotes", statement.keyword()));
  return std::nullopt;
}

/// C escapes: \r \n \t \0 \x41 \\.
std::optional<std::string> read_escaped(const Statement& statement, Reader& reader) {
  const auto text = read_only_text(statement, reader);
  if (!text) return std::nullopt;
  auto words = config::split_command('"' + *text + '"');
  if (words) return std::move(words->front());
  reader.error(statement.place(1),
               fmt::format("'{}': {}", statement.keyword(), words.error().what));
  return std::nullopt;
}

template <bool IsSecret>
void read_send(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (auto text = read_escaped(statement, reader))
    add_step(check, {.kind = Kind::send, .text = std::move(*text), .is_secret = IsSecret},
             statement, reader);
}

void read_send_hex(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (const auto bytes = read_hex(statement, false, reader))
    add_step(check, {.kind = Kind::send, .text = {bytes->value.begin(), bytes->value.end()}},
             statement, reader);
}

/// The pattern goes to PCRE2 as it is written, backslashes included; protocols have lines, and they
/// end as they like.
void read_expect(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  const auto text = read_only_text(statement, reader);
  if (!text) return;
  BodyRegex regex;
  regex.pattern = *text;
  regex.options = {"multiline"};
  // Alone first, for the place of a mistake in it.
  auto pattern = BodyPattern::compile(regex);
  regex.pattern = "(*ANYCRLF)" + *text;
  if (pattern) pattern = BodyPattern::compile(regex);
  if (!pattern)
    return reader.error(statement.place(1), fmt::format("'expect': {}", pattern.error().what));
  add_step(check, {.kind = Kind::expect, .text = *text, .pattern = std::move(*pattern)}, statement,
           reader);
}

void read_expect_hex(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (auto bytes = read_hex(statement, true, reader))
    add_step(check, {.kind = Kind::expect_bytes, .bytes = std::move(*bytes)}, statement, reader);
}

void read_start_tls(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  add_step(check, {.kind = Kind::start_tls}, statement, reader);
}

constexpr std::array dialogue_rows{
    row<Check>("send", "\"TEXT\"", "Holdfast",
               "Text to send, with \\r, \\n, \\t, \\0, \\\\ and \\x41; several lines are done in "
               "their order.",
               read_send<false>),
    row<Check>("send_password", "\"TEXT\"", "Holdfast",
               "The same for a text with a password in it: no log, dump or difference shows it.",
               read_send<true>),
    row<Check>("send_hex", "HEX", "Holdfast", "Bytes to send.", read_send_hex),
    row<Check>(
        "expect", "\"PATTERN\"", "pcre2pattern(3)",
        "Pattern (PCRE2, backslashes as they are, ^ and $ at every line) that has to match in "
        "what comes behind the last match.",
        read_expect),
    row<Check>("expect_hex", "HEX with x for any digit", "Holdfast",
               "Bytes that have to come next.", read_expect_hex),
    row<Check>(
        "starttls", "", "Holdfast",
        "From here on the connection is TLS; the server's line before it has to be expected to "
        "its end, as by \"^220 .*\\R\".",
        read_start_tls),
};

// The ready ones

template <typename Of, auto Member>
constexpr auto read_talk_text = set_text<Member, of<Of>>;

void read_role(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  static constexpr std::array roles{"any"sv, "master"sv, "replica"sv};
  if (const auto role = config::read_choice(statement, 1, config::Choice{roles}, reader))
    of<RedisCheck>(check).role = static_cast<RedisRole>(*role);
}

constexpr std::array redis_rows{
    row<Check>("user", "NAME", "Holdfast", "User of the password; Redis' `default` by default.",
               read_talk_text<RedisCheck, &RedisCheck::user>),
    row<Check>("password", "WORD", "Holdfast", "Password that is sent first (AUTH).",
               read_talk_text<RedisCheck, &RedisCheck::password>),
    row<Check>("role", "any|master|replica", "Holdfast",
               "What the server has to be; any by default.", read_role),
};
constexpr std::array postgresql_rows{
    row<Check>("user", "NAME", "Holdfast",
               "User who begins a session; a server that refuses him fails. Without one any "
               "server passes that takes sessions of somebody.",
               read_talk_text<PostgresqlCheck, &PostgresqlCheck::user>),
    row<Check>("database", "NAME", "Holdfast",
               "Database of the session; that of the user's name "
               "by default.",
               read_talk_text<PostgresqlCheck, &PostgresqlCheck::database>),
};
constexpr std::array mysql_rows{
    row<Check>("user", "NAME", "Holdfast",
               "User who logs in without a password. Without one the greeting is enough, and the "
               "server counts a connection that was broken off (max_connect_errors).",
               read_talk_text<MysqlCheck, &MysqlCheck::user>),
    row<Check>("database", "NAME", "Holdfast", "Database that the user opens; none by default.",
               read_talk_text<MysqlCheck, &MysqlCheck::database>),
};

/// `[DN]`
void read_search(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  of<LdapCheck>(check).searches = true;
  if (statement.words.size() < 2) return;
  if (auto base = config::read_word(statement, 1, reader))
    of<LdapCheck>(check).base = std::move(*base);
}

constexpr std::array ldap_rows{
    row<Check>("bind_dn", "DN", "RFC 4511 4.2", "Who binds; nobody (anonymous) by default.",
               read_talk_text<LdapCheck, &LdapCheck::bind_dn>),
    row<Check>("password", "WORD", "RFC 4511 4.2", "Password of bind_dn.",
               read_talk_text<LdapCheck, &LdapCheck::password>),
    row<Check>("search", "[DN]", "RFC 4511 4.5",
               "Read this entry, too; the root DSE when bare. Not by default.", read_search),
    row<Check>("starttls", "[BOOL]", "RFC 4511 4.14",
               "Go over to TLS before the bind; `tls` is for ldaps.",
               set_flag<&LdapCheck::start_tls, of<LdapCheck>>),
};

void read_question(Check& check, const Row<Check>&, const Statement& statement, Reader& reader) {
  if (auto text = read_escaped(statement, reader)) of<AgentCheck>(check).send = std::move(*text);
}

constexpr std::array agent_rows{
    row<Check>("send", "\"TEXT\"", "Holdfast",
               "Text to send before the agent speaks, with \\r, \\n, \\t, \\0, \\\\ and \\x41; "
               "nothing by default.",
               read_question),
};

// TLS of all of them

constexpr auto tls_rows = joined(
    std::array{row<Check>("tls", "[BOOL]", "Holdfast",
                          "The connection is TLS; postgresql and mysql go over to it in their own "
                          "way.",
                          set_flag<&TalkCheck::tls, talk>),
               row<Check>("sni_name", "NAME", "RFC 6066 3", "Name to send in the TLS handshake.",
                          set_text<&TalkCheck::sni_name, talk>)},
    tls_rule_rows);
constexpr auto common_rows = joined(endpoint_rows, tls_rows);

constexpr auto dialogue_schema = joined(common_rows, dialogue_rows);
constexpr auto redis_schema = joined(common_rows, redis_rows);
constexpr auto postgresql_schema = joined(common_rows, postgresql_rows);
constexpr auto mysql_schema = joined(common_rows, mysql_rows);
constexpr auto ldap_schema = joined(common_rows, ldap_rows);
constexpr auto agent_schema = joined(common_rows, agent_rows);

struct TalkBlock {
  std::string_view keyword;
  decltype(TalkCheck::talk) talk;
  std::span<const Row<Check>> rows;
};

std::array<TalkBlock, 6> blocks() {
  return {TalkBlock{"DIALOGUE_CHECK", DialogueCheck{}, dialogue_schema},
          TalkBlock{"REDIS_CHECK", RedisCheck{}, redis_schema},
          TalkBlock{"POSTGRESQL_CHECK", PostgresqlCheck{}, postgresql_schema},
          TalkBlock{"MYSQL_CHECK", MysqlCheck{}, mysql_schema},
          TalkBlock{"LDAP_CHECK", LdapCheck{}, ldap_schema},
          TalkBlock{"AGENT_CHECK", AgentCheck{}, agent_schema}};
}

bool speaks_tls(const TalkCheck& check) {
  if (const auto* ldap = std::get_if<LdapCheck>(&check.talk); ldap != nullptr && ldap->start_tls)
    return true;
  const auto* dialogue = std::get_if<DialogueCheck>(&check.talk);
  return check.tls ||
         (dialogue != nullptr && std::ranges::find(dialogue->steps, Kind::start_tls,
                                                   &DialogueStep::kind) != dialogue->steps.end());
}

}  // namespace

bool read_talk_check(Check& check, const Statement& block, Reader& reader) {
  for (TalkBlock& known : blocks())
    if (known.keyword == block.keyword()) {
      check.probe = TalkCheck{std::move(known.talk), false, {}, {}};
      config::read_block<Check>(known.rows, check, block.children, known.keyword, reader);
      return true;
    }
  return false;
}

std::string_view missing_in(const TalkCheck& check) {
  if (const auto* dialogue = std::get_if<DialogueCheck>(&check.talk);
      dialogue != nullptr && dialogue->steps.empty())
    return "at least one line to send or to expect";
  if ((!check.sni_name.empty() || check.tls_rules != TlsRules{}) && !speaks_tls(check))
    return "tls, since it says what to do with TLS";
  if (const auto* redis = std::get_if<RedisCheck>(&check.talk);
      redis != nullptr && !redis->user.empty() && redis->password.empty())
    return "a password for its user";
  if (const auto* ldap = std::get_if<LdapCheck>(&check.talk);
      ldap != nullptr && ldap->bind_dn.empty() != ldap->password.empty())
    return "both bind_dn and password, or none of them";
  return "";
}

void describe_talks(std::vector<config::KeywordInfo>& out) {
  for (const TalkBlock& known : blocks())
    describe_ours(known.rows, "virtual_server/real_server/" + std::string{known.keyword}, out);
}

}  // namespace holdfast::checkers
