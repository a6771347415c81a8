#include "checkers/core/talk.h"

#include "checkers/core/shown.h"

namespace holdfast::checkers {

Action Talk::next() {
  Action action = step();
  if (const auto* waiting = std::get_if<Receive>(&action)) {
    if (ended_)
      return Done{Verdict::failed("{}: the server closed the connection{}", waiting->what, came())};
    if (unread_.size() > most_unread)
      return Done{Verdict::failed("{}: a message of more than {} bytes{}", waiting->what,
                                  most_unread, came())};
  } else if (std::holds_alternative<StartTls>(action)) {
    // Anybody on the way may have put it there, so it must not count as said under TLS.
    if (!unread_.empty())
      return Done{Verdict::failed("starttls: the server said more before it{}", came())};
  }
  if (!std::holds_alternative<Receive>(action)) begin_step();
  return action;
}

void Talk::add(std::string_view bytes) {
  unread_ += bytes;
  first_ += bytes.substr(0, most_first - std::min(first_.size(), most_first));
}

void Talk::consume(std::size_t size) {
  unread_.erase(0, size);
  begin_step();
}

void Talk::put_back(std::string_view bytes) {
  unread_ = bytes;
  begin_step();
}

std::string Talk::came() const {
  return first_.empty() ? "; nothing came" : "; came " + shown(first_);
}

namespace {

struct Make {
  bool tls;
  std::unique_ptr<Talk> operator()(const DialogueCheck& check) const {
    return make_dialogue(check);
  }
  std::unique_ptr<Talk> operator()(const RedisCheck& check) const { return make_redis(check); }
  std::unique_ptr<Talk> operator()(const PostgresqlCheck& check) const {
    return make_postgresql(check, tls);
  }
  std::unique_ptr<Talk> operator()(const MysqlCheck& check) const { return make_mysql(check, tls); }
  std::unique_ptr<Talk> operator()(const LdapCheck& check) const { return make_ldap(check); }
  std::unique_ptr<Talk> operator()(const AgentCheck& check) const { return make_agent(check); }
};

}  // namespace

std::unique_ptr<Talk> make_talk(const TalkCheck& check) {
  return std::visit(Make{check.tls}, check.talk);
}

bool begins_with_tls(const TalkCheck& check) {
  return check.tls && !std::holds_alternative<PostgresqlCheck>(check.talk) &&
         !std::holds_alternative<MysqlCheck>(check.talk);
}

}  // namespace holdfast::checkers
