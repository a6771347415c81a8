// POSTGRESQL_CHECK: SSLRequest where TLS is wanted, the startup packet, and the first answer.
// @source PostgreSQL documentation, "Frontend/Backend Protocol": Message Formats, Error Fields
#include <optional>
#include <utility>

#include "checkers/core/shown.h"
#include "checkers/core/talk.h"
#include "daemon/base/bytes.h"

namespace holdfast::checkers {
namespace {

constexpr std::uint32_t version_3 = 3U << 16U;
constexpr std::uint32_t ssl_request = 1234U << 16U | 5679U;
/// Who asks when nobody in particular does.
constexpr std::string_view nobody = "holdfast";

std::string text_of(const ByteWriter& bytes) {
  return {reinterpret_cast<const char*>(bytes.bytes().data()), bytes.bytes().size()};
}

void write_text(ByteWriter& out, std::string_view text) {
  out.append(std::as_bytes(std::span{text}));
  out.u8(0);
}

/// With its length, which counts itself.
std::string with_length(const ByteWriter& content) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(content.bytes().size() + 4));
  out.append(content.bytes());
  return text_of(out);
}

std::string startup(const PostgresqlCheck& check) {
  ByteWriter content;
  content.u32(version_3);
  write_text(content, "user");
  write_text(content, check.user.empty() ? nobody : check.user);
  if (!check.database.empty()) {
    write_text(content, "database");
    write_text(content, check.database);
  }
  content.u8(0);
  return with_length(content);
}

struct ServerError {
  std::string code = "?", text = "no message";
};
ServerError error_of(std::string_view fields) {
  ServerError error;
  while (!fields.empty() && fields.front() != 0) {
    const char kind = fields.front();
    const std::string_view text = fields.substr(1, fields.find('\0', 1) - 1);
    if (kind == 'C') error.code = text;
    if (kind == 'M') error.text = text;
    fields.remove_prefix(std::min(fields.size(), text.size() + 2));
  }
  return error;
}

/// The server is there and refuses this session alone: a user, a database or the right is missing.
/// @source PostgreSQL documentation, appendix A: classes 28 and 3D
bool refuses_session(std::string_view code) {
  return code.starts_with("28") || code.starts_with("3D");
}

class Postgresql : public Talk {
 public:
  Postgresql(const PostgresqlCheck& check, bool tls)
      : check_{check}, state_{tls ? State::begin : State::encrypted} {}

 private:
  enum class State { begin, asked, encrypted, started };

  Action step() override {
    switch (state_) {
      case State::begin: {
        state_ = State::asked;
        ByteWriter content;
        content.u32(ssl_request);
        return Send{"SSLRequest", with_length(content)};
      }
      case State::asked:
        return judge_tls();
      case State::encrypted:
        state_ = State::started;
        return Send{"startup", startup(check_)};
      case State::started:
        break;
    }
    return judge_answer();
  }

  Action judge_tls() {
    if (unread().empty()) return Receive{"SSLRequest"};
    if (unread().front() != 'S')
      return Done{unread().front() == 'N' ? Verdict::failed("SSLRequest: the server has no TLS")
                                          : Verdict::failed("SSLRequest: expected 'S'{}", came())};
    consume(1);
    state_ = State::encrypted;
    return StartTls{};
  }

  Action judge_answer() {
    constexpr std::size_t header = 5;
    if (unread().empty()) return Receive{"startup"};
    const char type = unread().front();
    if (type != 'R' && type != 'E')
      return Done{Verdict::failed("startup: this is no PostgreSQL{}", came())};
    if (unread().size() < header) return Receive{"startup"};
    ByteReader in{std::as_bytes(std::span{unread()}).subspan(1)};
    const std::uint32_t length = in.u32();
    if (length < 4 || length > most_unread)
      return Done{Verdict::failed("startup: this is no PostgreSQL{}", came())};
    // It asks for a password, or begins the session: it is ready.
    if (type == 'R') return Done{Verdict::passed(), {}, true};
    if (unread().size() < length + 1) return Receive{"startup"};
    const ServerError error = error_of(unread().substr(header, length - 4));
    if (check_.user.empty() && refuses_session(error.code)) return Done{Verdict::passed()};
    return Done{Verdict::failed("startup: error {} {}", shown(error.code), shown(error.text))};
  }

  PostgresqlCheck check_;
  State state_;
};

}  // namespace

std::unique_ptr<Talk> make_postgresql(const PostgresqlCheck& check, bool tls) {
  return std::make_unique<Postgresql>(check, tls);
}

}  // namespace holdfast::checkers
