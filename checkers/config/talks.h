// Checks that talk over one connection: the dialogue of send and expect, and the ready ones.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "checkers/config/tls_rules.h"

namespace holdfast::checkers {

class BodyPattern;

/// Bytes to compare with: `mask` has 1 for the bits that count.
struct BytePattern {
  std::vector<std::uint8_t> value, mask;  ///< of one size
  bool operator==(const BytePattern&) const = default;
};

/// One line of a dialogue.
struct DialogueStep {
  enum class Kind : std::uint8_t { send, expect, expect_bytes, start_tls };
  Kind kind = Kind::send;
  std::string text{};      ///< of send: its bytes; of expect: the pattern as written
  BytePattern bytes{};     ///< of expect_bytes
  bool is_secret = false;  ///< what is sent is never shown
  std::shared_ptr<const BodyPattern> pattern{};  ///< made of `text`

  bool operator==(const DialogueStep& other) const {
    return kind == other.kind && text == other.text && bytes == other.bytes &&
           is_secret == other.is_secret;
  }
};
struct DialogueCheck {
  std::vector<DialogueStep> steps;
  bool operator==(const DialogueCheck&) const = default;
};

enum class RedisRole : std::uint8_t { any, master, replica };
struct RedisCheck {
  std::string user, password;  ///< empty: none is sent
  RedisRole role = RedisRole::any;
  bool operator==(const RedisCheck&) const = default;
};

struct PostgresqlCheck {
  std::string user;      ///< empty: nobody in particular, and a refusal is a sign of life
  std::string database;  ///< empty: the user's
  bool operator==(const PostgresqlCheck&) const = default;
};

struct MysqlCheck {
  std::string user;      ///< logs in without a password; empty: the greeting is enough
  std::string database;  ///< empty: none
  bool operator==(const MysqlCheck&) const = default;
};

struct LdapCheck {
  std::string bind_dn, password;  ///< empty: anonymous
  bool start_tls = false;         ///< RFC 4511 4.14
  bool searches = false;          ///< the entry `base` is read
  std::string base;               ///< empty: the root DSE
  bool operator==(const LdapCheck&) const = default;
};

struct AgentCheck {
  std::string send;  ///< before the agent speaks; empty: nothing
  bool operator==(const AgentCheck&) const = default;
};

struct TalkCheck {
  std::variant<DialogueCheck, RedisCheck, PostgresqlCheck, MysqlCheck, LdapCheck, AgentCheck> talk;
  bool tls = false;      ///< for postgresql and mysql: asked for in the protocol's own way
  std::string sni_name;  ///< empty: none is sent
  TlsRules tls_rules;
  bool operator==(const TalkCheck&) const = default;
};

}  // namespace holdfast::checkers
