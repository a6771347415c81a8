// REDIS_CHECK: AUTH where there is a password, PING, ROLE where one is wanted.
// @source redis.io, "Redis serialization protocol specification" (RESP2)
#include <optional>
#include <utility>
#include <vector>

#include "checkers/core/shown.h"
#include "checkers/core/talk.h"

namespace holdfast::checkers {
namespace {

std::string command(const std::vector<std::string_view>& words) {
  std::string out = fmt::format("*{}\r\n", words.size());
  for (const std::string_view word : words) out += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return out;
}

class Redis : public Talk {
 public:
  explicit Redis(const RedisCheck& check) : check_{check} {}

 private:
  enum class State { begin, auth, ping, role };

  Action step() override {
    switch (state_) {
      case State::begin:
        if (check_.password.empty()) return ask(State::ping, "PING", {"PING"});
        if (check_.user.empty()) return ask(State::auth, "AUTH", {"AUTH", check_.password});
        return ask(State::auth, "AUTH", {"AUTH", check_.user, check_.password});
      case State::auth:
        if (auto wrong = expect("AUTH", "+OK")) return *wrong;
        return ask(State::ping, "PING", {"PING"});
      case State::ping:
        if (auto wrong = expect("PING", "+PONG")) return *wrong;
        if (check_.role == RedisRole::any) return Done{Verdict::passed()};
        return ask(State::role, "ROLE", {"ROLE"});
      case State::role:
        break;
    }
    return judge_role();
  }

  Action ask(State next, std::string what, const std::vector<std::string_view>& words) {
    state_ = next;
    return Send{std::move(what), command(words)};
  }

  /// A line is read and is this one: nothing.
  std::optional<Action> expect(std::string_view what, std::string_view wanted) {
    const auto line = read_line();
    if (!line) return Receive{std::string{what}};
    if (*line == wanted) return std::nullopt;
    return Done{Verdict::failed("{}: expected {}, came {}", what, shown(wanted), shown(*line))};
  }

  std::optional<std::string> read_line() {
    const std::size_t end = unread().find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    std::string line{unread().substr(0, end)};
    consume(end + 2);
    return line;
  }

  /// `*5`, `$5`, `slave`: what follows does not count.
  Action judge_role() {
    const std::string_view text = unread();
    const std::size_t first = text.find("\r\n");
    if (first == std::string_view::npos) return Receive{"ROLE"};
    if (!text.starts_with('*'))
      return Done{Verdict::failed("ROLE: expected a list, came {}", shown(text.substr(0, first)))};
    const std::size_t second = text.find("\r\n", first + 2);
    const std::size_t third =
        second == std::string_view::npos ? second : text.find("\r\n", second + 2);
    if (third == std::string_view::npos) return Receive{"ROLE"};
    const std::string_view role = text.substr(second + 2, third - second - 2);
    const std::string_view wanted = check_.role == RedisRole::master ? "master" : "slave";
    if (role == wanted) return Done{Verdict::passed()};
    return Done{Verdict::failed("ROLE: expected {}, came {}", shown(wanted), shown(role))};
  }

  RedisCheck check_;
  State state_ = State::begin;
};

}  // namespace

std::unique_ptr<Talk> make_redis(const RedisCheck& check) { return std::make_unique<Redis>(check); }

}  // namespace holdfast::checkers
