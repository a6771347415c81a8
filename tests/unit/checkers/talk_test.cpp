// Conversations without a connection: what is sent, and what each answer, whole and in pieces,
// makes of the server.
#include "checkers/core/talk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/core/body_pattern.h"
#include "checkers/core/shown.h"
#include "daemon/base/hex.h"

namespace holdfast::checkers {
namespace {

using std::string_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Kind = DialogueStep::Kind;

/// What the check sent, and how it ended.
struct Course {
  std::vector<std::string> sent;  ///< "<tls>": it went over to TLS
  Verdict verdict = Verdict::failed("waits for more");
  std::string waiting;  ///< for what, at last
  std::string farewell, came;
};

/// The server says one answer whenever it is waited for, by pieces of `size`, and then closes, or
/// says nothing more.
Course run(const TalkCheck& check, const std::vector<std::string>& answers, std::size_t size = 999,
           bool closes = false) {
  const auto talk = make_talk(check);
  Course course;
  std::string pending;
  std::size_t at = 0;
  for (int turn = 0; turn < 100000; ++turn) {
    const Action action = talk->next();
    if (const auto* send = std::get_if<Send>(&action)) {
      course.sent.push_back(send->bytes);
    } else if (std::holds_alternative<StartTls>(action)) {
      course.sent.emplace_back("<tls>");
    } else if (const auto* done = std::get_if<Done>(&action)) {
      course.verdict = done->verdict;
      course.farewell = done->farewell;
      return course;
    } else {
      course.waiting = std::get<Receive>(action).what;
      course.came = talk->came();
      if (pending.empty() && at < answers.size()) pending = answers[at++];
      if (pending.empty() && !closes) return course;
      if (pending.empty())
        talk->end();
      else
        talk->add(pending.substr(0, size));
      pending.erase(0, size);
    }
  }
  ADD_FAILURE() << "no end";
  return course;
}
/// Whatever the pieces.
void expect_passed(const TalkCheck& check, const std::vector<std::string>& answers) {
  for (const std::size_t size : {1, 3, 999})
    EXPECT_EQ(run(check, answers, size).verdict.reason, "passed") << "by " << size;
}
void expect_failed(const TalkCheck& check, const std::vector<std::string>& answers,
                   const std::string& reason) {
  const Course course = run(check, answers);
  EXPECT_EQ(course.verdict.kind, Verdict::Kind::failed);
  EXPECT_EQ(course.verdict.reason, reason);
}

DialogueStep send(const std::string& text) { return {.kind = Kind::send, .text = text}; }
DialogueStep expect(const std::string& pattern) {
  BodyRegex regex;
  regex.pattern = "(*ANYCRLF)" + pattern;
  regex.options = {"multiline"};
  return {.kind = Kind::expect, .text = pattern, .pattern = *BodyPattern::compile(regex)};
}
TalkCheck dialogue(std::vector<DialogueStep> steps) {
  return {DialogueCheck{std::move(steps)}, false, {}, {}};
}

TEST(Shown, IsPrintableAndBounded) {
  EXPECT_EQ(shown("-ERR\r\n\t\\\x01\xff"), "'-ERR\\r\\n\\t\\\\\\x01\\xff'");
  EXPECT_EQ(shown(std::string(1000, 'a')), "'" + std::string(100, 'a') + "'...");
}

TEST(Dialogue, SendsAndExpectsInOrder) {
  const TalkCheck check =
      dialogue({expect("^220 "), send("HELO lab\r\n"), expect("^250 .*\\R"), send("QUIT\r\n")});
  expect_passed(check, {"220 ready\r\n", "250 lab\r\n"});
  EXPECT_THAT(run(check, {"220 ready\r\n", "250 lab\r\n"}).sent,
              ElementsAre("HELO lab\r\n", "QUIT\r\n"));
}
TEST(Dialogue, EachExpectationBeginsBehindTheLastMatch) {
  const TalkCheck check = dialogue({expect("one"), expect("^ two"), expect("three")});
  expect_passed(check, {"zero one two three"});
  EXPECT_EQ(run(dialogue({expect("one"), expect("one")}), {"one"}).waiting, "step 2, expect 'one'");
}
TEST(Dialogue, AFailureShowsTheStepTheExpectationAndWhatCame) {
  const TalkCheck check = dialogue({send("PING\r\n"), expect("^\\+PONG")});
  const Course course = run(check, {"-NOAUTH no\r\n"}, 999, true);
  EXPECT_EQ(
      course.verdict.reason,
      "step 2, expect '^\\\\+PONG': the server closed the connection; came '-NOAUTH no\\r\\n'");
  EXPECT_EQ(run(check, {}, 1, true).verdict.reason,
            "step 2, expect '^\\\\+PONG': the server closed the connection; nothing came");
}
TEST(Dialogue, TheEndOfTheConnectionEndsALine) {
  EXPECT_EQ(run(dialogue({expect("ready$")}), {"ready"}, 1, true).verdict.reason, "passed");
}
TEST(Dialogue, AnEndlessAnswerIsAFailureAndIsNotKept) {
  const auto talk = make_talk(dialogue({expect("never")}));
  const std::string piece(64 * 1024, 'x');
  for (int i = 0; i < 100; ++i) {
    const Action action = talk->next();
    if (const auto* done = std::get_if<Done>(&action)) {
      EXPECT_THAT(done->verdict.reason, StartsWith("step 1, expect 'never': no match in 1114112"));
      return;
    }
    talk->add(piece);
  }
  FAIL() << "no end";
}
TEST(Dialogue, BytesAreComparedAsTheyCome) {
  const TalkCheck check =
      dialogue({{.kind = Kind::expect_bytes, .bytes = {{0x01, 0x20, 0x00}, {0xff, 0xf0, 0x00}}},
                expect("rest")});
  expect_passed(check, {"\x01\x2f\xffrest"});
  expect_failed(check, {"\x01\x3f"}, "step 1, expect_hex 012xxx: byte 1 differs; came '\\x01?'");
}
TEST(Dialogue, GoesOverToTls) {
  const TalkCheck check =
      dialogue({send("STARTTLS\r\n"), expect("^220 .*\\R"), {.kind = Kind::start_tls}, send("x")});
  EXPECT_THAT(run(check, {"220 go\r\n"}).sent, ElementsAre("STARTTLS\r\n", "<tls>", "x"));
  EXPECT_EQ(run(check, {"220 go\r\n250 injected\r\n"}).verdict.reason,
            "starttls: the server said more before it; came '250 injected\\r\\n'");
}
TEST(Dialogue, WhatMayHaveThePasswordIsNotShown) {
  DialogueStep secret = send("AUTH user hunter2\r\n");
  secret.is_secret = true;
  const TalkCheck check = dialogue({secret, expect("OK")});
  EXPECT_EQ(run(check, {"-NOAUTH bad\r\n"}).came, "; came '-NOAUTH bad\\r\\n'");
  EXPECT_EQ(run(check, {"echo: AUTH user hunte"}).came, "; came something with a password in it");
}

TalkCheck redis(RedisCheck check) { return {std::move(check), false, {}, {}}; }
TEST(Redis, IsPinged) {
  EXPECT_THAT(run(redis({}), {"+PONG\r\n"}).sent, ElementsAre("*1\r\n$4\r\nPING\r\n"));
  expect_passed(redis({}), {"+PONG\r\n"});
  expect_failed(redis({}), {"-LOADING Redis is loading the dataset in memory\r\n"},
                "PING: expected '+PONG', came '-LOADING Redis is loading the dataset in memory'");
}
TEST(Redis, GetsItsPasswordFirst) {
  const TalkCheck check = redis({"", "hunter2", RedisRole::any});
  EXPECT_EQ(run(check, {"+OK\r\n", "+PONG\r\n"}).sent.at(0),
            "*2\r\n$4\r\nAUTH\r\n$7\r\nhunter2\r\n");
  EXPECT_EQ(run(redis({"u", "p", RedisRole::any}), {}).sent.at(0),
            "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n");
  expect_passed(check, {"+OK\r\n", "+PONG\r\n"});
  expect_failed(check, {"-WRONGPASS invalid\r\n"},
                "AUTH: expected '+OK', came '-WRONGPASS invalid'");
}
TEST(Redis, HasTheRoleThatIsWanted) {
  const std::string master = "*3\r\n$6\r\nmaster\r\n:3129659\r\n*0\r\n";
  const std::string replica = "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n";
  expect_passed(redis({"", "", RedisRole::master}), {"+PONG\r\n", master});
  expect_passed(redis({"", "", RedisRole::replica}), {"+PONG\r\n", replica});
  expect_failed(redis({"", "", RedisRole::master}), {"+PONG\r\n", replica},
                "ROLE: expected 'master', came 'slave'");
  expect_failed(redis({"", "", RedisRole::master}), {"+PONG\r\n", "-NOPERM no\r\n"},
                "ROLE: expected a list, came '-NOPERM no'");
}
TEST(Redis, AnEndlessLineIsAFailure) {
  EXPECT_THAT(run(redis({}), {std::string(100'000, '+')}, 999).verdict.reason,
              StartsWith("PING: a message of more than 65536 bytes; came '++++"));
}

TalkCheck postgresql(PostgresqlCheck check, bool tls = false) {
  return {std::move(check), tls, {}, {}};
}
std::string error_packet(const std::string& code, const std::string& text) {
  const std::string fields = "SFATAL\0"s + "C" + code + "\0"s + "M" + text + "\0\0"s;
  return "E\0\0\0"s + static_cast<char>(fields.size() + 4) + fields;
}
TEST(Postgresql, BeginsASession) {
  const Course course = run(postgresql({"check", "data"}), {"R\0\0\0\x08\0\0\0\x05"s});
  EXPECT_THAT(course.sent, ElementsAre("\0\0\0\x22\0\x03\0\0user\0check\0database\0data\0\0"s));
  expect_passed(postgresql({"check", "data"}), {"R\0\0\0\x08\0\0\0\x05"s});
}
TEST(Postgresql, ARefusalIsASignOfLifeUnlessAUserIsNamed) {
  const std::string refusal = error_packet("28000", "no pg_hba.conf entry");
  expect_passed(postgresql({}), {refusal});
  expect_failed(postgresql({"check", ""}), {refusal},
                "startup: error '28000' 'no pg_hba.conf entry'");
}
TEST(Postgresql, AServerThatIsNotReadyFails) {
  expect_failed(postgresql({}), {error_packet("57P03", "the database system is starting up")},
                "startup: error '57P03' 'the database system is starting up'");
  expect_failed(postgresql({}), {"HTTP/1.1 400"},
                "startup: this is no PostgreSQL; came 'HTTP/1.1 400'");
  expect_failed(postgresql({}), {"E\xff\xff\xff\xff"},
                "startup: this is no PostgreSQL; came 'E\\xff\\xff\\xff\\xff'");
  expect_failed(postgresql({}), {"E\0\0\0\x05\0"s}, "startup: error '?' 'no message'");
}
TEST(Postgresql, AsksForTlsInItsOwnWay) {
  const TalkCheck check = postgresql({}, true);
  EXPECT_FALSE(begins_with_tls(check));
  const Course course = run(check, {"S", "R\0\0\0\x08\0\0\0\0"s});
  EXPECT_EQ(to_hex(course.sent.at(0)), "0000000804d2162f");
  EXPECT_EQ(course.sent.at(1), "<tls>");
  EXPECT_EQ(course.verdict.reason, "passed");
  expect_failed(check, {"N"}, "SSLRequest: the server has no TLS");
}

std::string mysql_packet(int sequence, const std::string& content) {
  return std::string{static_cast<char>(content.size()), 0, 0, static_cast<char>(sequence)} +
         content;
}
std::string greeting(unsigned char capabilities_high = 0x08) {
  return mysql_packet(0,
                      "\x0a"
                      "8.0.36\0"s +
                          "1234" + "abcdefgh" + "\0"s + "\xff"s +
                          static_cast<char>(capabilities_high) + std::string(20, '\0'));
}
TalkCheck mysql(MysqlCheck check, bool tls = false) { return {std::move(check), tls, {}, {}}; }
TEST(Mysql, TheGreetingIsEnoughWithoutAUser) {
  expect_passed(mysql({}), {greeting()});
  expect_failed(mysql({}), {mysql_packet(0, "\xff\x69\x04Host '10.0.0.1' is blocked")},
                "greeting: error 1129 'Host '10.0.0.1' is blocked'");
  expect_failed(mysql({}), {"SSH-2.0-OpenSSH_9.2\r\n"},
                "greeting: this is no MySQL; came 'SSH-2.0-OpenSSH_9.2\\r\\n'");
}
TEST(Mysql, LogsInWithoutAPassword) {
  const std::string ok = mysql_packet(2, "\0\0\0\x02\0\0\0"s);
  const Course course = run(mysql({"check", ""}), {greeting(), ok});
  EXPECT_EQ(course.verdict.reason, "passed");
  EXPECT_EQ(to_hex(course.farewell), "0100000001");
  EXPECT_THAT(course.sent.at(0), HasSubstr("check\0\0mysql_native_password\0"s));
  expect_passed(mysql({"check", "data"}), {greeting(), ok});
  expect_failed(mysql({"check", ""}),
                {greeting(), mysql_packet(2, "\xff\x15\x04#28000Access denied")},
                "login: error 1045 'Access denied'");
}
TEST(Mysql, ChangesThePluginAndGivesNoPasswordToIt) {
  const std::string change = mysql_packet(2,
                                          "\xfe"
                                          "caching_sha2_password\0abc"s);
  const Course course =
      run(mysql({"check", ""}), {greeting(), change, mysql_packet(4, "\0\0\0\x02\0"s)});
  EXPECT_EQ(to_hex(course.sent.at(1)), "0100000300");
  EXPECT_EQ(course.verdict.reason, "passed");
  expect_failed(mysql({"check", ""}), {greeting(), change, change},
                "login: the server asks for a password");
}
TEST(Mysql, GoesOverToTls) {
  const Course course = run(mysql({}, true), {greeting()});
  EXPECT_EQ(to_hex(course.sent.at(0).substr(0, 8)), "20000001018a0800");
}
TEST(Mysql, SaysWhenThereIsNoTls) {
  expect_failed(mysql({}, true), {greeting(0)}, "greeting: the server has no TLS");
}

std::string ldap_result(int id, unsigned char tag, int code, const std::string& text = "") {
  const std::string result = "\x0a\x01"s + static_cast<char>(code) + "\x04\0"s + "\x04"s +
                             static_cast<char>(text.size()) + text;
  const std::string operation =
      std::string{static_cast<char>(tag)} + static_cast<char>(result.size()) + result;
  return "\x30"s + static_cast<char>(operation.size() + 3) + "\x02\x01"s + static_cast<char>(id) +
         operation;
}
TalkCheck ldap(LdapCheck check) { return {std::move(check), false, {}, {}}; }
TEST(Ldap, Binds) {
  const Course course = run(ldap({}), {ldap_result(1, 0x61, 0)});
  EXPECT_EQ(to_hex(course.sent.at(0)), "300c020101600702010304008000");
  EXPECT_EQ(to_hex(course.farewell), "30050201024200");
  expect_passed(ldap({}), {ldap_result(1, 0x61, 0)});
  expect_failed(ldap({}), {ldap_result(1, 0x61, 49, "no")},
                "bind: result 49, invalidCredentials 'no'");
  expect_failed(ldap({}), {ldap_result(0, 0x78, 52, "going down")},
                "bind: result 52, unavailable 'going down'");
}
TEST(Ldap, ReadsAnEntry) {
  const std::string entry = "\x30\x09\x02\x01\x02\x64\x04\x04\0\x30\0"s;
  const TalkCheck check = ldap({"", "", false, true, ""});
  const std::string bound = ldap_result(1, 0x61, 0);
  expect_passed(check, {bound, entry + ldap_result(2, 0x65, 0)});
  expect_failed(check, {bound, ldap_result(2, 0x65, 0)}, "search: no entry ''");
  expect_failed(check, {bound, ldap_result(2, 0x65, 32)}, "search: result 32, noSuchObject ''");
  EXPECT_EQ(
      to_hex(run(check, {bound}).sent.at(1)),
      "302a020102632504000a01000a0100020101020100010100870b6f626a656374436c61737330050403312e31");
}
TEST(Ldap, GoesOverToTls) {
  const Course course =
      run(ldap({"", "", true, false, ""}), {ldap_result(1, 0x78, 0), ldap_result(2, 0x61, 0)});
  EXPECT_EQ(to_hex(course.sent.at(0)),
            "301d02010177188016312e332e362e312e342e312e313436362e3230303337");
  EXPECT_EQ(course.sent.at(1), "<tls>");
  EXPECT_EQ(course.verdict.reason, "passed");
}
TEST(Ldap, WhatIsNoLdapFails) {
  expect_failed(ldap({}), {"HTTP/1.1 400"}, "bind: this is no LDAP; came 'HTTP/1.1 400'");
  expect_failed(ldap({}), {"\x30\x84\xff\xff\xff\xff"},
                "bind: this is no LDAP; came '0\\x84\\xff\\xff\\xff\\xff'");
  expect_failed(ldap({}), {"\x30\x03\x02\x01\x01"},
                "bind: this is no LDAP; came '0\\x03\\x02\\x01\\x01'");
}

}  // namespace
}  // namespace holdfast::checkers
