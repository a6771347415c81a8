// A conversation with a server over one connection, without the connection: what to send and what
// to wait for next. Pure; checkers/io/talk_probe.cpp has the socket. Each protocol is a class with
// step() in a file of its own: dialogue.cpp, redis.cpp, postgresql.cpp, mysql.cpp, ldap.cpp,
// agent.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "checkers/config/config.h"
#include "checkers/core/verdict.h"

namespace holdfast::checkers {

/// `what` names the step in reasons: "PING".
struct Send {
  std::string what, bytes;
};
struct StartTls {};
struct Receive {
  std::string what;
};
/// The end. A server that is left without its farewell may count or log that.
struct Done {
  Verdict verdict;
  std::string farewell{};   ///< to send; the server then ends the connection
  bool ends_first = false;  ///< our side of the connection is ended, and the server's awaited
};
using Action = std::variant<Send, StartTls, Receive, Done>;

class Talk {
 public:
  /// A message of more bytes than this is none.
  static constexpr std::size_t most_unread = 64 * 1024;

  Talk() = default;
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;
  virtual ~Talk() = default;

  /// What to do now. After Send, StartTls and Receive comes the next call; after Done none.
  Action next();
  /// What the server sent, in any pieces.
  void add(std::string_view bytes);
  /// The server ended the connection.
  void end() { ended_ = true; }
  /// What came in this step, for the reason of its failure: "; came '-ERR no\r\n'".
  [[nodiscard]] virtual std::string came() const;

 protected:
  virtual Action step() = 0;

  [[nodiscard]] std::string_view unread() const { return unread_; }
  [[nodiscard]] bool has_ended() const { return ended_; }
  /// So many bytes have been understood; what comes behind them belongs to the next step.
  void consume(std::size_t size);
  /// All that is unread, although the step goes on.
  std::string take() { return std::exchange(unread_, {}); }
  /// What was taken and belongs to the next step.
  void put_back(std::string_view bytes);
  /// The first bytes of this step, at most 256.
  [[nodiscard]] std::string_view first_bytes() const { return first_; }

 private:
  void begin_step() { first_ = unread_.substr(0, most_first); }
  static constexpr std::size_t most_first = 256;
  std::string unread_;
  std::string first_;
  bool ended_ = false;
};

/// A failed step with what came instead.
inline Done failed_with(std::string_view what, std::string_view bytes) {
  return Done{Verdict::failed("{}: {}", what, bytes)};
}

std::unique_ptr<Talk> make_dialogue(const DialogueCheck& check);
std::unique_ptr<Talk> make_redis(const RedisCheck& check);
/// @param tls go over to TLS first, in the way of the protocol
std::unique_ptr<Talk> make_postgresql(const PostgresqlCheck& check, bool tls);
std::unique_ptr<Talk> make_mysql(const MysqlCheck& check, bool tls);
std::unique_ptr<Talk> make_ldap(const LdapCheck& check);
/// Its verdict has the agent's line as its reason.
std::unique_ptr<Talk> make_agent(const AgentCheck& check);
std::unique_ptr<Talk> make_talk(const TalkCheck& check);
/// TLS begins before the first byte.
bool begins_with_tls(const TalkCheck& check);

}  // namespace holdfast::checkers
