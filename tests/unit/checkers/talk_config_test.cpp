// The blocks of DIALOGUE_CHECK and of the ready conversations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkers/config/config.h"
#include "daemon/config/secret.h"
#include "tests/unit/config/support.h"

namespace holdfast::checkers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using std::string_literals::operator""s;
using Kind = DialogueStep::Kind;

struct Outcome {
  std::vector<Check> checks;
  std::vector<std::string> found;
};
/// With the lines in a server; they begin on line 3.
Outcome read(std::string_view lines) {
  config::Parsed parsed{fmt::format(
      "virtual_server 192.0.2.10 80 {{\nreal_server 198.51.100.1 80 {{\n{}\n}}\nlb_algo rr\n"
      "lb_kind NAT\nprotocol TCP\n}}\n",
      lines)};
  config::Reader reader{parsed.diagnostics};
  const CheckersConfig config = read_checkers(parsed.tree, reader);
  return {config.services.at(0).servers.at(0).checks, findings(parsed.diagnostics)};
}
template <typename Of>
Of talk(std::string_view block) {
  const auto [checks, found] = read(block);
  EXPECT_THAT(found, IsEmpty()) << block;
  return std::get<Of>(std::get<TalkCheck>(checks.at(0).probe).talk);
}

TEST(DialogueConfig, HasItsStepsInTheirOrder) {
  const auto steps = talk<DialogueCheck>(
                         "DIALOGUE_CHECK {\nconnect_port 25\nexpect \"^220 .*\\n\"\n"
                         "send \"EHLO lab\\r\\n\\x41\\0\"\nexpect_hex 32 3x\nsend_hex 00 ff\n"
                         "send_password \"x hunter2\"\nstarttls\n}")
                         .steps;
  ASSERT_EQ(steps.size(), 6);
  EXPECT_EQ(steps[0].kind, Kind::expect);
  EXPECT_EQ(steps[0].text, "^220 .*\\n");
  EXPECT_NE(steps[0].pattern, nullptr);
  EXPECT_EQ(steps[1].text, "EHLO lab\r\nA\0"s);
  EXPECT_EQ(steps[2].bytes, (BytePattern{{0x32, 0x30}, {0xff, 0xf0}}));
  EXPECT_EQ(steps[3].text, "\0\xff"s);
  EXPECT_TRUE(steps[4].is_secret);
  EXPECT_EQ(steps[5].kind, Kind::start_tls);
}
TEST(DialogueConfig, SaysWhatIsWrong) {
  EXPECT_THAT(
      read("DIALOGUE_CHECK {\n}\nDIALOGUE_CHECK {\nsend a b\nexpect \"(\"\nexpect_hex 0g\nsend x\n"
           "tls_verify\n}\nREDIS_CHECK {\nuser u\nrole king\n}\nLDAP_CHECK {\nbind_dn cn=a\n}")
          .found,
      ElementsAre(HasSubstr("'send' needs one text; put it in quotes"),
                  HasSubstr("'expect': missing closing parenthesis at character 2"),
                  HasSubstr("'expect_hex' needs bytes as hexadecimal digits with x"),
                  HasSubstr("'role' needs one of any, master, replica, found 'king'"),
                  HasSubstr("DIALOGUE_CHECK needs at least one line to send or to expect"),
                  HasSubstr("DIALOGUE_CHECK needs tls, since it says what to do with TLS"),
                  HasSubstr("REDIS_CHECK needs a password for its user"),
                  HasSubstr("LDAP_CHECK needs both bind_dn and password")));
}
TEST(TalkConfig, HasWhatEveryCheckHasAndTls) {
  const auto [checks, found] = read(
      "REDIS_CHECK {\nretry 4\nconnect_ip 192.0.2.7\ntls\ntls_verify\ntls_name r.lab\nsni_name "
      "r.lab\n}");
  EXPECT_THAT(found, IsEmpty());
  const Check& check = checks.at(0);
  const auto& talk = std::get<TalkCheck>(check.probe);
  EXPECT_EQ(check.keyword(), "REDIS_CHECK");
  EXPECT_EQ(check.identity(), "REDIS_CHECK 192.0.2.7:80");
  EXPECT_EQ(check.final_timing.retry, 4);
  EXPECT_TRUE(talk.tls && talk.tls_rules.verify);
  EXPECT_EQ(talk.tls_rules.name, "r.lab");
  EXPECT_EQ(talk.sni_name, "r.lab");
}
TEST(TalkConfig, TheReadyOnesHaveTheirOwnWords) {
  const auto redis = talk<RedisCheck>("REDIS_CHECK {\nuser u\npassword p\nrole replica\n}");
  EXPECT_EQ(redis, (RedisCheck{"u", "p", RedisRole::replica}));
  EXPECT_EQ(talk<PostgresqlCheck>("POSTGRESQL_CHECK {\nuser u\ndatabase d\n}"),
            (PostgresqlCheck{"u", "d"}));
  EXPECT_EQ(talk<MysqlCheck>("MYSQL_CHECK {\nuser u\n}"), (MysqlCheck{"u", ""}));
  EXPECT_EQ(talk<LdapCheck>("LDAP_CHECK {\nbind_dn cn=a\npassword p\nsearch dc=b\nstarttls\n}"),
            (LdapCheck{"cn=a", "p", true, true, "dc=b"}));
  EXPECT_TRUE(talk<LdapCheck>("LDAP_CHECK {\nsearch\n}").searches);
}
TEST(TalkConfig, PasswordsAreMasked) {
  EXPECT_EQ(config::masked(" send_password \"AUTH x\"", false), " send_password ***** **");
  EXPECT_EQ(config::masked("password x", false), "password *");
}

}  // namespace
}  // namespace holdfast::checkers
