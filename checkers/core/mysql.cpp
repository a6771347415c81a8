// MYSQL_CHECK: the greeting, and with a user a login without a password. MySQL and MariaDB.
// @source MySQL Internals Manual: Connection Phase Packets; MariaDB Server Documentation: the same
#include <optional>
#include <utility>

#include "checkers/core/shown.h"
#include "checkers/core/talk.h"

namespace holdfast::checkers {
namespace {

// Capabilities
constexpr std::uint32_t long_password = 1, with_database = 8, protocol_41 = 0x200, has_tls = 0x800,
                        secure_connection = 0x8000, plugin_auth = 0x80000;
constexpr std::uint32_t largest_packet = 1U << 24U;
constexpr std::uint8_t utf8 = 33;
// How an answer begins
constexpr unsigned char is_ok = 0x00, is_more = 0x01, is_switch = 0xfe, is_error = 0xff;
constexpr unsigned char version_10 = 10;
constexpr std::size_t header_size = 4;

void put_little(std::string& out, std::uint32_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
}
std::uint32_t get_little(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

class Mysql : public Talk {
 public:
  Mysql(const MysqlCheck& check, bool tls) : check_{check}, tls_{tls} {}

 private:
  enum class State { greeting, ask_tls, encrypted, login, judge };

  Action step() override {
    switch (state_) {
      case State::greeting:
        return judge_greeting();
      case State::ask_tls:
        state_ = State::encrypted;
        return StartTls{};
      case State::encrypted:
        if (check_.user.empty()) return Done{Verdict::passed()};
        [[fallthrough]];
      case State::login:
        state_ = State::judge;
        return Send{"login", packet(login())};
      case State::judge:
        break;
    }
    return judge_login();
  }

  std::string packet(std::string_view content) {
    std::string out;
    put_little(out, static_cast<std::uint32_t>(content.size()), 3);
    out += static_cast<char>(sequence_++);
    out += content;
    return out;
  }

  /// The content of the next whole packet; nothing: it is not whole.
  std::optional<std::string> read_packet() {
    if (unread().size() < header_size) return std::nullopt;
    const std::size_t size = get_little(unread().substr(0, 3));
    if (unread().size() < header_size + size) return std::nullopt;
    sequence_ = static_cast<std::uint8_t>(unread()[3] + 1);
    std::string content{unread().substr(header_size, size)};
    consume(header_size + size);
    return content;
  }

  /// ff, code, [# and five digits of state], text
  static Done error(std::string_view what, std::string_view content) {
    constexpr std::size_t state_size = 6;
    content.remove_prefix(1);
    const std::uint32_t code = get_little(content.substr(0, 2));
    content.remove_prefix(std::min<std::size_t>(content.size(), 2));
    if (content.starts_with('#')) content.remove_prefix(std::min(content.size(), state_size));
    return Done{Verdict::failed("{}: error {} {}", what, code, shown(content))};
  }

  Action judge_greeting() {
    // A length that no greeting has ends the wait for it.
    constexpr std::uint32_t longest = 4096;
    if (unread().size() >= header_size && get_little(unread().substr(0, 3)) > longest)
      return Done{Verdict::failed("greeting: this is no MySQL{}", came())};
    const std::string first = came();
    const auto content = read_packet();
    if (!content) return Receive{"greeting"};
    const unsigned char kind = content->empty() ? 0 : static_cast<unsigned char>(content->front());
    if (kind == is_error) return error("greeting", *content);
    if (kind != version_10) return Done{Verdict::failed("greeting: this is no MySQL{}", first)};
    if (tls_) return ask_tls(*content);
    if (check_.user.empty()) return Done{Verdict::passed()};
    state_ = State::login;
    return step();
  }

  /// 0a, version and NUL, 4 bytes number, 8 bytes scramble, 1 byte, lower half of the capabilities
  Action ask_tls(std::string_view greeting) {
    constexpr std::size_t between = 1 + 4 + 8 + 1;
    const std::size_t end = greeting.find('\0', 1);
    const bool offered = end != std::string_view::npos && greeting.size() >= end + between + 2 &&
                         (get_little(greeting.substr(end + between, 2)) & has_tls) != 0;
    if (!offered) return Done{Verdict::failed("greeting: the server has no TLS")};
    state_ = State::ask_tls;
    return Send{"SSLRequest", packet(login_head())};
  }

  std::string login_head() const {
    std::string out;
    put_little(out,
               long_password | protocol_41 | secure_connection | plugin_auth |
                   (tls_ ? has_tls : 0) | (check_.database.empty() ? 0 : with_database),
               4);
    put_little(out, largest_packet, 4);
    out += static_cast<char>(utf8);
    out.append(23, '\0');
    return out;
  }
  std::string login() const {
    std::string out = login_head() + check_.user + '\0';
    out += '\0';  // an answer of no bytes: no password
    if (!check_.database.empty()) out += check_.database + '\0';
    return out + "mysql_native_password" + '\0';
  }

  Action judge_login() {
    constexpr std::string_view quit = "\x01";
    constexpr unsigned char fast_success = 3;
    const std::string first = came();
    const auto content = read_packet();
    if (!content) return Receive{"login"};
    const unsigned char kind =
        content->empty() ? is_error : static_cast<unsigned char>(content->front());
    if (content->empty()) return Done{Verdict::failed("login: an empty packet")};
    if (kind == is_error) return error("login", *content);
    if (kind == is_ok) {
      sequence_ = 0;
      return Done{Verdict::passed(), packet(quit)};
    }
    if (kind == is_switch) {
      if (switched_) return Done{Verdict::failed("login: the server asks for a password")};
      switched_ = true;
      // No password is no byte, and for the plugins with SHA-256 a NUL.
      return Send{"login",
                  packet(content->find("sha") < content->find('\0') ? std::string_view{"\0", 1}
                                                                    : std::string_view{})};
    }
    if (kind == is_more && content->size() > 1 && (*content)[1] == fast_success)
      return Receive{"login"};
    return Done{Verdict::failed("login: the server asks for a password{}", first)};
  }

  MysqlCheck check_;
  bool tls_;
  State state_ = State::greeting;
  std::uint8_t sequence_ = 0;
  bool switched_ = false;
};

}  // namespace

std::unique_ptr<Talk> make_mysql(const MysqlCheck& check, bool tls) {
  return std::make_unique<Mysql>(check, tls);
}

}  // namespace holdfast::checkers
